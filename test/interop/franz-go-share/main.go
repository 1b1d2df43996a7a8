// Consumers of share groups with franz-go; calls and answers are in ../share-client.ts: franz-go-share <bootstrap>.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const pollEach = 100 * time.Millisecond
const mostCommitting = 60 * time.Second

type shared struct {
	Topic      string `json:"topic"`
	Partition  int32  `json:"partition"`
	Offset     int64  `json:"offset"`
	Deliveries int32  `json:"deliveries"`
	Value      string `json:"value"`
}

type arguments struct {
	Consumer, Group, Type string
	Topics                []string
	MaxRecords            int32
	IsRecordLimited       bool
	WaitMs                int64
	Records               []shared
}

type request struct {
	ID   int
	Call string
	Args arguments
}

type refused struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

type answer struct {
	ID      int      `json:"id"`
	Result  any      `json:"result,omitempty"`
	Refused *refused `json:"refused,omitempty"`
}

type place struct {
	partition int32
	offset    int64
}

// Called from one goroutine, but for the callback.
type consumer struct {
	client   *kgo.Client
	requests chan request
	polled   map[place]*kgo.Record
	lock     sync.Mutex
	// By partition, since they were asked for: an error or nothing.
	outcomes map[string]*string
}

var types = map[string]kgo.AckStatus{"accept": kgo.AckAccept, "release": kgo.AckRelease, "reject": kgo.AckReject, "renew": kgo.AckRenew}

func main() {
	consumers := map[string]*consumer{}
	answers := json.NewEncoder(os.Stdout)
	var answering sync.Mutex
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var it request
		if err := json.Unmarshal(lines.Bytes(), &it); err != nil {
			panic(err)
		}
		one := consumers[it.Args.Consumer]
		if one == nil {
			one = &consumer{requests: make(chan request, 10), polled: map[place]*kgo.Record{}, outcomes: map[string]*string{}}
			consumers[it.Args.Consumer] = one
			go func() {
				for next := range one.requests {
					result, err := one.call(next.Call, next.Args)
					line := answer{ID: next.ID, Result: result}
					if err != nil {
						line = answer{ID: next.ID, Refused: &refused{Name: fmt.Sprintf("%T", err), Message: err.Error()}}
					}
					answering.Lock()
					_ = answers.Encode(line)
					answering.Unlock()
				}
			}()
		}
		one.requests <- it
	}
}

func (it *consumer) call(call string, args arguments) (any, error) {
	switch call {
	case "open":
		return nil, it.open(args)
	case "poll":
		return it.poll(time.Duration(args.WaitMs) * time.Millisecond), nil
	case "acknowledge":
		for _, each := range args.Records {
			it.polled[place{each.Partition, each.Offset}].Ack(types[args.Type])
		}
		return nil, nil
	case "commit":
		return it.commit()
	case "close":
		it.client.Close()
		return nil, nil
	}
	return nil, fmt.Errorf("no such call: %s", call)
}

func (it *consumer) open(args arguments) error {
	options := []kgo.Opt{
		kgo.SeedBrokers(os.Args[1]),
		kgo.ClientID(args.Consumer),
		kgo.ShareGroup(args.Group),
		kgo.ConsumeTopics(args.Topics...),
		kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.ShareAckCallback(it.told),
	}
	if args.MaxRecords > 0 {
		options = append(options, kgo.ShareMaxRecords(args.MaxRecords))
	}
	if args.IsRecordLimited {
		options = append(options, kgo.ShareMaxRecordsStrict())
	}
	client, err := kgo.NewClient(options...)
	it.client = client
	return err
}

func (it *consumer) told(_ *kgo.Client, results kgo.ShareAckResults) {
	it.lock.Lock()
	defer it.lock.Unlock()
	for _, each := range results {
		partition := strconv.Itoa(int(each.Partition))
		if each.Err != nil {
			text := each.Err.Error()
			it.outcomes[partition] = &text
		} else if it.outcomes[partition] == nil {
			it.outcomes[partition] = nil
		}
	}
}

// The records that come first, or none.
func (it *consumer) poll(most time.Duration) []shared {
	until := time.Now().Add(most)
	seen := []shared{}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), pollEach)
		fetches := it.client.PollFetches(ctx)
		cancel()
		fetches.EachRecord(func(record *kgo.Record) {
			it.polled[place{record.Partition, record.Offset}] = record
			seen = append(seen, shared{record.Topic, record.Partition, record.Offset, record.DeliveryCount(), string(record.Value)})
		})
		if len(seen) > 0 || time.Now().After(until) {
			return seen
		}
	}
}

func (it *consumer) commit() (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mostCommitting)
	defer cancel()
	if err := it.client.FlushAcks(ctx); err != nil {
		return nil, err
	}
	it.lock.Lock()
	defer it.lock.Unlock()
	outcomes := it.outcomes
	it.outcomes = map[string]*string{}
	return outcomes, nil
}
