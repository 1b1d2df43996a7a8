// A member of a group with franz-go, which writes what happens to it into a log of its own (../member-log.ts): franz-go-member '<options>'.
// Its wishes and what it does on "hold", "go" and at the end of its input are in ../group-member.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const commitEvery = 150 * time.Millisecond
const mostRecords = 50

const mostBeginning = 10 * time.Second

// A callback cannot wait until the transaction has ended, since the end may wait for the callback.
const mostEnding = 100 * time.Millisecond
const clockMonotonic = 1

type wishes struct {
	Name, Bootstrap, Group, Log, Protocol string
	Topics                                []string
	Pattern, Instance, Output, Assignor   string
	TransactionalID                       string
	SessionMs                             int64
}

type member struct {
	wanted   wishes
	log      *os.File
	logLock  sync.Mutex
	commands chan string
	client   *kgo.Client
	session  *kgo.GroupTransactSession
	// What is consumed and not committed yet: the next offset to read. Callbacks do not run between a poll and AllowRebalance.
	pending map[string]map[int32]kgo.EpochOffset
	// Its group has forgotten it. franz-go comes back under another name before it tells that partitions are taken, and would commit what it
	// has lost by that name.
	isForgotten bool
	lastCommit  time.Time
	// A transformer's client gives partitions away while it works, and then aborts its transaction. Held while it takes records, so that no
	// callback comes between a record and its line in the log. Others are not called back between a poll and AllowRebalance.
	taking sync.Locker
	// Of a transformer: it ends a transaction. Its line comes before that of partitions that are taken thereafter.
	isEnding atomic.Bool
}

func main() {
	var wanted wishes
	if err := json.Unmarshal([]byte(os.Args[1]), &wanted); err != nil {
		panic(err)
	}
	log, err := os.OpenFile(wanted.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	it := &member{wanted: wanted, log: log, commands: make(chan string, 10), pending: map[string]map[int32]kgo.EpochOffset{}, taking: nobody{}}
	if wanted.Output != "" {
		it.taking = &sync.Mutex{}
	}
	if err := it.live(); err != nil {
		it.tell("failed", "error", err.Error())
	}
}

// Keeps nobody out.
type nobody struct{}

func (nobody) Lock()   {}
func (nobody) Unlock() {}

// The clock of the machine, which all programs of the test read; Go itself tells only differences of it.
func nowUs() int64 {
	var now syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano() / 1000
}

func (it *member) tell(event string, fields ...any) {
	line := map[string]any{"event": event}
	for i := 0; i < len(fields); i += 2 {
		line[fields[i].(string)] = fields[i+1]
	}
	it.logLock.Lock()
	defer it.logLock.Unlock()
	line["atUs"] = nowUs()
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	if _, err := it.log.Write(append(text, '\n')); err != nil {
		panic(err)
	}
}

func (it *member) options() []kgo.Opt {
	// franz-go speaks the consumer protocol to those who ask for it by this.
	ctx := context.Background()
	if it.wanted.Protocol == "consumer" {
		ctx = context.WithValue(ctx, "opt_in_kafka_next_gen_balancer_beta", true)
	}
	options := []kgo.Opt{
		kgo.WithContext(ctx),
		kgo.SeedBrokers(strings.Split(it.wanted.Bootstrap, ",")...),
		kgo.ClientID(it.wanted.Name),
		kgo.ConsumerGroup(it.wanted.Group),
		kgo.ConsumeTopics(it.wanted.Topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.MetadataMaxAge(time.Second),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.SessionTimeout(time.Duration(it.wanted.SessionMs) * time.Millisecond),
		kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, given map[string][]int32) {
			it.taking.Lock()
			defer it.taking.Unlock()
			it.isForgotten = false
			it.tellPlaces("assigned", given)
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) {
			if it.session == nil {
				it.commit(context.Background(), taken)
			} else {
				it.waitForEnd()
			}
			it.taking.Lock()
			defer it.taking.Unlock()
			it.takePending(taken)
			it.tellPlaces("revoked", taken)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
			it.taking.Lock()
			defer it.taking.Unlock()
			it.takePending(lost)
			it.tellPlaces("lost", lost)
		}),
	}
	if it.wanted.Assignor == "range" {
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	}
	if it.wanted.Pattern != "" {
		options = append(options, kgo.ConsumeRegex(), kgo.ConsumeTopics(it.wanted.Pattern))
	}
	if it.wanted.Instance != "" {
		options = append(options, kgo.InstanceID(it.wanted.Instance))
	}
	if it.wanted.Output == "" {
		options = append(options, kgo.BlockRebalanceOnPoll())
	} else {
		options = append(options, kgo.TransactionalID(it.wanted.TransactionalID), kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	return options
}

func (it *member) live() error {
	var err error
	if it.wanted.Output != "" {
		if it.session, err = kgo.NewGroupTransactSession(it.options()...); err != nil {
			return err
		}
		it.client = it.session.Client()
	} else if it.client, err = kgo.NewClient(it.options()...); err != nil {
		return err
	}
	go it.readCommands()
	if err := it.consumeUntilEnd(); err != nil {
		return err
	}
	it.client.CloseAllowingRebalance()
	it.tell("left")
	return nil
}

func (it *member) readCommands() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		it.commands <- lines.Text()
	}
	close(it.commands)
}

func (it *member) consumeUntilEnd() error {
	isHolding, isEnding := false, false
	for {
		select {
		case command, isOpen := <-it.commands:
			isEnding = !isOpen
			isHolding = isHolding || command == "hold"
		default:
		}
		if isEnding && it.session != nil {
			return nil
		}
		records := it.take()
		if isEnding {
			// After a poll, as all commits are made here: else what it commits may be taken from it before the answer is there.
			it.commit(context.Background(), nil)
			return nil
		}
		if it.session == nil {
			isHolding = it.consume(isHolding)
			it.client.AllowRebalance()
			continue
		}
		var err error
		if isHolding, err = it.transform(records, isHolding); err != nil {
			return err
		}
	}
}

func (it *member) take() []*kgo.Record {
	it.taking.Lock()
	defer it.taking.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fetches := it.client.PollRecords(ctx, mostRecords)
	for _, failed := range fetches.Errors() {
		if !errors.Is(failed.Err, context.DeadlineExceeded) {
			it.tell("error", "error", failed.Err.Error())
		}
	}
	records := fetches.Records()
	for _, record := range records {
		it.note(record)
	}
	return records
}

// Gives whether it is still to hold.
func (it *member) consume(isHolding bool) bool {
	isHeld := isHolding && len(it.pending) > 0
	ctx := context.Background()
	if isHeld {
		ctx = it.asWhoItIs(ctx)
		it.hold()
	}
	if isHeld || time.Since(it.lastCommit) > commitEvery {
		it.commit(ctx, nil)
	}
	return isHolding && !isHeld
}

// For a commit by the name that the member has now. One that was forgotten takes another name as soon as a heartbeat tells it so, and commits by
// that: whether it is refused then, and with what, depends on how far it has come back in that moment, on every broker.
func (it *member) asWhoItIs(ctx context.Context) context.Context {
	name, epoch := it.client.GroupMetadata()
	return kgo.PreCommitFnContext(ctx, func(request *kmsg.OffsetCommitRequest) error {
		if request.MemberID != name {
			request.MemberID, request.Generation = name, epoch
		}
		return nil
	})
}

func (it *member) note(record *kgo.Record) {
	it.tell("consumed", "place", placeOf(record.Topic, record.Partition), "offset", record.Offset)
	if it.isForgotten {
		return
	}
	if it.pending[record.Topic] == nil {
		it.pending[record.Topic] = map[int32]kgo.EpochOffset{}
	}
	it.pending[record.Topic][record.Partition] = kgo.EpochOffset{Epoch: record.LeaderEpoch, Offset: record.Offset + 1}
}

func (it *member) hold() {
	it.tell("held")
	for command := range it.commands {
		if command == "go" {
			return
		}
	}
}

// Of these partitions, or all that there is.
func (it *member) takePending(partitions map[string][]int32) map[string]map[int32]kgo.EpochOffset {
	taken := map[string]map[int32]kgo.EpochOffset{}
	if partitions == nil {
		taken, it.pending = it.pending, taken
		return taken
	}
	for topic, numbers := range partitions {
		for _, number := range numbers {
			offset, isThere := it.pending[topic][number]
			if !isThere {
				continue
			}
			if taken[topic] == nil {
				taken[topic] = map[int32]kgo.EpochOffset{}
			}
			taken[topic][number] = offset
			delete(it.pending[topic], number)
		}
		if len(it.pending[topic]) == 0 {
			delete(it.pending, topic)
		}
	}
	return taken
}

func (it *member) commit(ctx context.Context, partitions map[string][]int32) {
	offsets := it.takePending(partitions)
	it.lastCommit = time.Now()
	if len(offsets) == 0 {
		return
	}
	since := nowUs()
	it.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, request *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			it.tell("refused", "offsets", textOf(offsets), "error", nameOf(err))
			return
		}
		done := map[string]int64{}
		for index, topic := range answer.Topics {
			name := request.Topics[index].Topic // The answer has ids from version 10 on.
			for _, partition := range topic.Partitions {
				place, offset := placeOf(name, partition.Partition), offsets[name][partition.Partition].Offset
				if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
					it.isForgotten = it.isForgotten || errors.Is(err, kerr.UnknownMemberID)
					it.tell("refused", "offsets", map[string]int64{place: offset}, "error", nameOf(err))
				} else {
					done[place] = offset
				}
			}
		}
		if len(done) > 0 {
			it.tell("committed", "sinceUs", since, "offsets", done)
		}
	})
}

func (it *member) transform(records []*kgo.Record, isHolding bool) (bool, error) {
	if len(records) == 0 {
		return isHolding, nil
	}
	ctx := context.Background()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := it.session.Begin()
		if err == nil {
			break
		}
		// It is said to be fatal while the transaction of a predecessor is being aborted, and is not.
		if !errors.Is(err, kerr.ConcurrentTransactions) || time.Since(began) > mostBeginning {
			return false, err
		}
	}
	for _, record := range records {
		value := fmt.Sprintf("%s/%d", placeOf(record.Topic, record.Partition), record.Offset)
		it.session.Produce(ctx, &kgo.Record{Topic: it.wanted.Output, Partition: 0, Value: []byte(value)}, nil)
	}
	if isHolding {
		it.hold()
	}
	it.taking.Lock()
	offsets := textOf(it.takePending(nil))
	it.taking.Unlock()
	since := nowUs()
	it.isEnding.Store(true)
	defer it.isEnding.Store(false)
	isCommitted, err := it.session.End(ctx, kgo.TryCommit)
	switch {
	case err != nil:
		it.tell("refused", "offsets", offsets, "error", nameOf(err))
		return false, err
	case isCommitted:
		it.tell("committed", "sinceUs", since, "offsets", offsets)
	default:
		it.tell("refused", "offsets", offsets, "error", "aborted")
	}
	return false, nil
}

func (it *member) waitForEnd() {
	for began := time.Now(); it.isEnding.Load() && time.Since(began) < mostEnding; {
		time.Sleep(time.Millisecond)
	}
}

func (it *member) tellPlaces(event string, partitions map[string][]int32) {
	places := []string{}
	for topic, numbers := range partitions {
		for _, number := range numbers {
			places = append(places, placeOf(topic, number))
		}
	}
	if len(places) > 0 {
		it.tell(event, "places", places)
	}
}

func placeOf(topic string, partition int32) string {
	return fmt.Sprintf("%s/%d", topic, partition)
}

func textOf(offsets map[string]map[int32]kgo.EpochOffset) map[string]int64 {
	text := map[string]int64{}
	for topic, partitions := range offsets {
		for number, offset := range partitions {
			text[placeOf(topic, number)] = offset.Offset
		}
	}
	return text
}

func nameOf(err error) string {
	var code *kerr.Error
	if errors.As(err, &code) {
		return code.Message
	}
	return err.Error()
}
