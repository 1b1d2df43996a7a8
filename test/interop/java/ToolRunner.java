// Runs Kafka's command line tools one after the other in one JVM, since a start of a JVM costs more than most of them do.
//
// Reads a JSON object a line, { "class", "args", "stdin" }; answers a line that begins with @@ and a JSON object,
// { "exitCode", "stdout", "stderr" }. Other lines of stdout are logs.
//
// A tool that ends the process by Kafka's Exit ends its thread instead: that stays parked for good, so that neither its `catch` nor its
// `finally` blocks run, as they would not at a true exit; its shutdown hooks do. One that calls System.exit takes this process with it;
// the last answer has no "exitCode" then, the process has.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.utils.Exit;

public final class ToolRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long DEADLINE_SECONDS = 60;
    private static final long HOOK_DEADLINE_MS = 10_000;
    private static final int FAILED_BY_EXCEPTION = 1;
    private static final PrintStream ANSWERS = System.out;

    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private final Queue<Thread> hooks = new ConcurrentLinkedQueue<>();

    public static void main(String[] arguments) throws Exception {
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) new ToolRunner().run(JSON.readTree(line));
        Runtime.getRuntime().halt(0);
    }

    private void run(JsonNode request) throws Exception {
        String[] args = JSON.convertValue(request.get("args"), String[].class);
        System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
        System.setIn(new ByteArrayInputStream(request.get("stdin").asText().getBytes(StandardCharsets.UTF_8)));
        Exit.setExitProcedure((code, message) -> endThread(code));
        Exit.setHaltProcedure((code, message) -> endThread(code));
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(new Thread(hook)));
        Thread atSystemExit = new Thread(() -> answer(JSON.createObjectNode()));
        Runtime.getRuntime().addShutdownHook(atSystemExit);
        Thread thread = new Thread(() -> call(request.get("class").asText(), args));
        thread.setDaemon(true);
        thread.start();
        int exitCode = exitCode();
        for (Thread hook : hooks) hook.start();
        for (Thread hook : hooks) hook.join(HOOK_DEADLINE_MS);
        Runtime.getRuntime().removeShutdownHook(atSystemExit);
        answer(JSON.createObjectNode().put("exitCode", exitCode));
    }

    private int exitCode() throws Exception {
        try {
            return ended.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException exception) {
            return -1;
        }
    }

    private void answer(ObjectNode answer) {
        answer.put("stdout", stdout.toString(StandardCharsets.UTF_8)).put("stderr", stderr.toString(StandardCharsets.UTF_8));
        try {
            ANSWERS.println("@@" + JSON.writeValueAsString(answer));
            ANSWERS.flush();
        } catch (IOException exception) {
            throw new IllegalStateException(exception);
        }
    }

    private void call(String name, String[] args) {
        try {
            Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) args);
            ended.complete(0);
        } catch (InvocationTargetException exception) {
            System.err.print("Exception in thread \"main\" ");
            exception.getCause().printStackTrace();
            ended.complete(FAILED_BY_EXCEPTION);
        } catch (ReflectiveOperationException exception) {
            throw new IllegalArgumentException(exception);
        }
    }

    private void endThread(int code) {
        ended.complete(code);
        for (;;) LockSupport.park();
    }
}
