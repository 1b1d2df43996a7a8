//! Serves the calls of a client program: one JSON request a line on stdin, one JSON answer a line on stdout (../../client-process.ts).

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// An error of the client: its name and message.
pub struct Refused(pub String, pub String);

pub type Answer = Result<Value, Refused>;

/// Answers until the input ends. `turn` is given a call and its arguments, or nothing when there has been nothing to do for a while.
pub fn serve(mut turn: impl FnMut(Option<(&str, &Value)>) -> Answer) {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        let line = match lines.recv_timeout(Duration::from_millis(10)) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                let _ = turn(None);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let asked: Value = serde_json::from_str(&line).expect("a request is JSON");
        let call = asked["call"].as_str().unwrap_or_default();
        let answer = match turn(Some((call, &asked["args"]))) {
            Ok(result) => json!({ "id": asked["id"], "result": result }),
            Err(Refused(name, message)) => json!({ "id": asked["id"], "refused": { "name": name, "message": message } }),
        };
        println!("{answer}");
        let _ = std::io::stdout().flush();
    }
}

pub fn text<'a>(args: &'a Value, name: &str) -> &'a str {
    args[name].as_str().unwrap_or_default()
}

pub fn number(args: &Value, name: &str) -> i64 {
    args[name].as_i64().unwrap_or_default()
}

pub fn partitions(args: &Value) -> Vec<i32> {
    args["partitions"].as_array().into_iter().flatten().map(|each| each.as_i64().unwrap_or_default() as i32).collect()
}

/// Records by partition and offset.
pub fn in_order(mut records: Vec<Value>) -> Value {
    records.sort_by_key(|record| (record["partition"].as_i64(), record["offset"].as_i64()));
    Value::Array(records)
}
