// Package line serves the calls of a client program: one JSON request a line on stdin, one JSON answer a line on stdout
// (../../client-process.ts, which says what each call is given and answers).
package line

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// CallTime is how long a client may take for a call that has no time of its own.
const CallTime = 20 * time.Second

// MostBytes is a limit for requests and answers that none of the scenarios reaches.
const MostBytes = 100_000_000

// Calls by their names.
type Calls map[string]func(args json.RawMessage) (any, error)

// On says what answers a call. Its arguments are decoded into what the function takes.
func On[A any](calls Calls, name string, answer func(A) (any, error)) {
	calls[name] = func(raw json.RawMessage) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return answer(args)
	}
}

// Refused is an error of the client by the name that the client gives to it.
type Refused struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

func (it Refused) Error() string { return it.Name + ": " + it.Message }

type request struct {
	ID   int             `json:"id"`
	Call string          `json:"call"`
	Args json.RawMessage `json:"args"`
}

// Serve answers until the input ends. Calls that are not there are refused.
func Serve(calls Calls, refusal func(error) Refused) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, MostBytes)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		answer := map[string]any{"id": asked.ID}
		result, err := calls.answer(asked)
		var refused Refused
		switch known, isRefused := err.(Refused); {
		case err == nil:
			answer["result"] = result
		case isRefused:
			refused = known
			answer["refused"] = refused
		default:
			answer["refused"] = refusal(err)
		}
		if err := output.Encode(answer); err != nil {
			panic(err)
		}
	}
}

func (it Calls) answer(asked request) (any, error) {
	call, isThere := it[asked.Call]
	if !isThere {
		return nil, Refused{"lacking", asked.Call}
	}
	return call(asked.Args)
}

// Version of a module that this program is built with.
func Version(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == path {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

// About is what a client can do, and what it lacks.
type About struct {
	Version string            `json:"version"`
	Codecs  []string          `json:"codecs"`
	Lacks   map[string]string `json:"lacks"`
}

// AllCodecs that Kafka knows.
var AllCodecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// Topic is asked for, and how it is made.
type Topic struct {
	Topic      string
	Partitions int32
	Configs    map[string]string
}

// Prefix of names.
type Prefix struct{ Prefix string }

// Beginning gives the names that begin so, in order.
func (it Prefix) Beginning(names []string) []string {
	found := []string{}
	for _, name := range names {
		if strings.HasPrefix(name, it.Prefix) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// ConfigNames of a topic.
type ConfigNames struct {
	Topic string
	Names []string
}

// Record as it is to be sent.
type Record struct {
	Partition   int32       `json:"partition"`
	Key         *string     `json:"key"`
	Value       *string     `json:"value"`
	TimestampMs int64       `json:"timestampMs"`
	Headers     [][2]string `json:"headers"`
}

// Time of the record.
func (it Record) Time() time.Time { return time.UnixMilli(it.TimestampMs) }

// Bytes of a key or a value: none for null.
func Bytes(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// Text of a key or a value: null for none.
func Text(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	text := string(bytes)
	return &text
}

// Seen is a record that was read.
type Seen struct {
	Record
	Offset int64 `json:"offset"`
}

// Place of a record.
type Place struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// Received by the member of a group.
type Received struct {
	Place
	Value *string `json:"value"`
}

// InOrder of partitions and offsets.
func InOrder[T any](records []T, place func(T) Place) []T {
	slices.SortFunc(records, func(a, b T) int {
		return cmp.Or(cmp.Compare(place(a).Partition, place(b).Partition), cmp.Compare(place(a).Offset, place(b).Offset))
	})
	return records
}

// SeenInOrder of partitions and offsets.
func SeenInOrder(records []Seen) []Seen {
	return InOrder(records, func(record Seen) Place { return Place{record.Partition, record.Offset} })
}

// Produce is what to send.
type Produce struct {
	Topic        string
	Codec        string
	Acks         *int16
	IsIdempotent bool
	Records      []Record
}

// Wanted acknowledgements: of all replicas, unless told otherwise.
func (it Produce) Wanted() int16 {
	if it.Acks == nil {
		return -1
	}
	return *it.Acks
}

// Steadily is what to send one after the other.
type Steadily struct {
	Topic      string
	Partitions []int32
	Count      int
	EveryMs    int
}

// Outcome of it.
type Outcome struct {
	Acknowledged []string `json:"acknowledged"`
	Refused      []string `json:"refused"`
}

// Send all by whatever sends one record and returns when it is acknowledged.
func (it Steadily) Send(send func(partition int32, value string) error, refusal func(error) Refused) Outcome {
	outcome := Outcome{[]string{}, []string{}}
	for index := range it.Count {
		value := fmt.Sprint(index)
		if err := send(it.Partitions[index%len(it.Partitions)], value); err != nil {
			outcome.Refused = append(outcome.Refused, refusal(err).Name)
		} else {
			outcome.Acknowledged = append(outcome.Acknowledged, value)
		}
		time.Sleep(time.Duration(it.EveryMs) * time.Millisecond)
	}
	return outcome
}

// Transact is a transaction, or a part of one.
type Transact struct {
	ID, Topic string
	Records   []Record
	Offsets   *struct {
		Group, Topic string
		Partition    int32
		Offset       int64
	}
	End string
}

// StartPoint of a reader: an offset, or a time, or neither for the beginning.
type StartPoint struct{ Offset, TimestampMs *int64 }

// UnmarshalJSON takes "beginning" as well as an object.
func (it *StartPoint) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"beginning"` {
		return nil
	}
	type fields StartPoint
	return json.Unmarshal(raw, (*fields)(it))
}

// Partitions of a topic, and what is asked of them.
type Partitions struct {
	Topic       string
	Partitions  []int32
	Group       string
	TimestampMs int64
}

// Watermarks of a partition.
type Watermarks struct {
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

// Read is what to read.
type Read struct {
	Topic      string
	Partitions []int32
	From       StartPoint
	Count      int
	WaitMs     *int
	Isolation  string
}

// Patience of the reader.
func (it Read) Patience() time.Duration {
	if it.WaitMs == nil {
		return 15 * time.Second
	}
	return time.Duration(*it.WaitMs) * time.Millisecond
}

// ReadNew is what to send to the end, and to read from there.
type ReadNew struct {
	Topic      string
	Partitions []int32
	Records    []Record
}

// Group is asked for, or joined.
type Group struct{ Group, Topic, Protocol string }

// Commit is what to commit for a group without members.
type Commit struct {
	Group, Topic string
	Offsets      []Place
}

// Described is a group.
type Described struct {
	State   string `json:"state"`
	Members int    `json:"members"`
}

// Log is what a member has been given and has received. Its methods may be called from anywhere.
type Log struct {
	lock       sync.Mutex
	assignment []int32
	received   []Received
}

// Assign says what the member has now.
func (it *Log) Assign(partitions []int32) {
	it.lock.Lock()
	defer it.lock.Unlock()
	it.assignment = slices.Sorted(slices.Values(partitions))
}

// Change says what the member is given or what it loses.
func (it *Log) Change(gained, lost []int32) {
	it.lock.Lock()
	defer it.lock.Unlock()
	kept := slices.DeleteFunc(slices.Clone(it.assignment), func(partition int32) bool { return slices.Contains(lost, partition) })
	it.assignment = slices.Sorted(slices.Values(append(kept, gained...)))
}

// Receive a record.
func (it *Log) Receive(partition int32, offset int64, value []byte) {
	it.lock.Lock()
	defer it.lock.Unlock()
	it.received = append(it.received, Received{Place{partition, offset}, Text(value)})
}

// Assignment of the member.
func (it *Log) Assignment() []int32 {
	it.lock.Lock()
	defer it.lock.Unlock()
	return append([]int32{}, it.assignment...)
}

// Received by the member.
func (it *Log) Received() []Received {
	it.lock.Lock()
	defer it.lock.Unlock()
	return InOrder(append([]Received{}, it.received...), func(record Received) Place { return record.Place })
}
