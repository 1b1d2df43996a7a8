// franz-go as a client program of the interop suite: franz-go BOOTSTRAP. See ../line for what it reads and answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"interop/line"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type client struct {
	bootstrap     string
	admin         *kadm.Client
	transactional map[string]*transactional
	member        *member
}

type transactional struct {
	*kgo.Client
	isOpen bool
}

func main() {
	it := &client{bootstrap: os.Args[1], transactional: map[string]*transactional{}}
	it.admin = kadm.NewClient(must(it.connect()))
	calls := line.Calls{}
	line.On(calls, "about", about)
	line.On(calls, "createTopic", it.createTopic)
	line.On(calls, "deleteTopic", it.deleteTopic)
	line.On(calls, "partitionCount", it.partitionCount)
	line.On(calls, "listTopics", it.listTopics)
	line.On(calls, "addPartitions", it.addPartitions)
	line.On(calls, "describeConfigs", it.describeConfigs)
	line.On(calls, "alterConfigs", it.alterConfigs)
	line.On(calls, "produce", it.produce)
	line.On(calls, "produceSteadily", it.produceSteadily)
	line.On(calls, "transact", it.transact)
	line.On(calls, "read", it.read)
	line.On(calls, "readNew", it.readNew)
	line.On(calls, "watermarks", it.watermarks)
	line.On(calls, "offsetsForTime", it.offsetsForTime)
	line.On(calls, "join", it.join)
	line.On(calls, "assignment", func(struct{}) (any, error) { return it.member.log.Assignment(), nil })
	line.On(calls, "received", func(struct{}) (any, error) { return it.member.log.Received(), nil })
	line.On(calls, "leave", func(struct{}) (any, error) { return nil, it.member.leave() })
	line.On(calls, "committed", it.committed)
	line.On(calls, "commit", it.commit)
	line.On(calls, "listGroups", it.listGroups)
	line.On(calls, "describeGroup", it.describeGroup)
	line.On(calls, "deleteGroup", it.deleteGroup)
	line.Serve(calls, refusal)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (it *client) connect(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(it.bootstrap), kgo.UnknownTopicRetries(10), kgo.FetchMaxWait(100 * time.Millisecond)}, options...)...)
}

func patience(duration time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), duration)
}

// An error has the protocol's name where there is one.
func refusal(err error) line.Refused {
	var code *kerr.Error
	if !errors.As(err, &code) {
		return line.Refused{Name: fmt.Sprintf("%T", err), Message: err.Error()}
	}
	var told told
	if errors.As(err, &told) && told.message != "" {
		return line.Refused{Name: code.Message, Message: told.message}
	}
	return line.Refused{Name: code.Message, Message: err.Error()}
}

// An error with what the broker said of it.
type told struct {
	error
	message string
}

func (it told) Unwrap() error { return it.error }

func tell(err error, message string) error {
	if err == nil {
		return nil
	}
	return told{err, message}
}

func about(struct{}) (any, error) {
	return line.About{Version: line.Version("github.com/twmb/franz-go"), Codecs: line.AllCodecs, Lacks: map[string]string{}}, nil
}

func (it *client) createTopic(wanted line.Topic) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	configs := map[string]*string{}
	for name, value := range wanted.Configs {
		configs[name] = &value
	}
	made, err := it.admin.CreateTopics(ctx, wanted.Partitions, 1, configs, wanted.Topic)
	if err != nil {
		return nil, err
	}
	return nil, tell(made[wanted.Topic].Err, made[wanted.Topic].ErrMessage)
}

func (it *client) deleteTopic(wanted line.Topic) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	deleted, err := it.admin.DeleteTopics(ctx, wanted.Topic)
	if err != nil {
		return nil, err
	}
	return nil, tell(deleted[wanted.Topic].Err, deleted[wanted.Topic].ErrMessage)
}

func (it *client) partitionCount(wanted line.Topic) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.ListTopics(ctx, wanted.Topic)
	if err != nil {
		return nil, err
	}
	return len(found[wanted.Topic].Partitions), found[wanted.Topic].Err
}

func (it *client) listTopics(wanted line.Prefix) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.ListTopics(ctx)
	return wanted.Beginning(found.Names()), err
}

func (it *client) addPartitions(wanted line.Topic) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	grown, err := it.admin.UpdatePartitions(ctx, int(wanted.Partitions), wanted.Topic)
	if err != nil {
		return nil, err
	}
	return nil, tell(grown[wanted.Topic].Err, grown[wanted.Topic].ErrMessage)
}

func (it *client) describeConfigs(wanted line.ConfigNames) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.DescribeTopicConfigs(ctx, wanted.Topic)
	if err != nil {
		return nil, err
	}
	values := map[string]*string{}
	for _, name := range wanted.Names {
		values[name] = nil
	}
	for _, config := range found[0].Configs {
		if slices.Contains(wanted.Names, config.Key) {
			values[config.Key] = config.Value
		}
	}
	return values, tell(found[0].Err, found[0].ErrMessage)
}

func (it *client) alterConfigs(wanted line.Topic) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	changes := []kadm.AlterConfig{}
	for name, value := range wanted.Configs {
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value})
	}
	altered, err := it.admin.AlterTopicConfigs(ctx, changes, wanted.Topic)
	if err != nil {
		return nil, err
	}
	return nil, tell(altered[0].Err, altered[0].ErrMessage)
}

func codec(name string) kgo.CompressionCodec {
	switch name {
	case "gzip":
		return kgo.GzipCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	}
	return kgo.NoCompression()
}

func acks(wanted int16) kgo.Acks {
	switch wanted {
	case 0:
		return kgo.NoAck()
	case 1:
		return kgo.LeaderAck()
	}
	return kgo.AllISRAcks()
}

func (it *client) produce(wanted line.Produce) (any, error) {
	options := []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codec(wanted.Codec)), kgo.RequiredAcks(acks(wanted.Wanted())),
		kgo.ProducerBatchMaxBytes(line.MostBytes / 2), kgo.BrokerMaxWriteBytes(line.MostBytes),
		kgo.ProducerLinger(50 * time.Millisecond),
	}
	if !wanted.IsIdempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	producer, err := it.connect(options...)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	return send(producer, wanted.Topic, wanted.Records)
}

func send(producer *kgo.Client, topic string, records []line.Record) ([]line.Place, error) {
	wanted := []*kgo.Record{}
	for _, record := range records {
		made := &kgo.Record{Topic: topic, Partition: record.Partition, Key: line.Bytes(record.Key), Value: line.Bytes(record.Value), Timestamp: record.Time()}
		for _, header := range record.Headers {
			made.Headers = append(made.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
		}
		wanted = append(wanted, made)
	}
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	results := producer.ProduceSync(ctx, wanted...)
	places := []line.Place{}
	for _, result := range results {
		places = append(places, line.Place{Partition: result.Record.Partition, Offset: result.Record.Offset})
	}
	return line.InOrder(places, func(place line.Place) line.Place { return place }), results.FirstErr()
}

func (it *client) produceSteadily(wanted line.Steadily) (any, error) {
	producer, err := it.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	one := func(partition int32, value string) error {
		return producer.ProduceSync(context.Background(), &kgo.Record{Topic: wanted.Topic, Partition: partition, Value: []byte(value)}).FirstErr()
	}
	return wanted.Send(one, refusal), nil
}

func (it *client) transact(wanted line.Transact) (any, error) {
	producer, err := it.transactionalProducer(wanted.ID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	if !producer.isOpen {
		if err := producer.BeginTransaction(); err != nil {
			return nil, err
		}
		producer.isOpen = true
	}
	if _, err := send(producer.Client, wanted.Topic, wanted.Records); err != nil {
		return nil, err
	}
	if wanted.Offsets != nil {
		if err := commitInTransaction(ctx, producer.Client, wanted); err != nil {
			return nil, err
		}
	}
	if wanted.End == "open" {
		return nil, nil
	}
	producer.isOpen = false
	return nil, producer.EndTransaction(ctx, kgo.TransactionEndTry(wanted.End == "commit"))
}

// kgo itself commits only what a group session of its own has consumed, so the request is made by hand. From version 5 on it adds the group to
// the transaction, too.
func commitInTransaction(ctx context.Context, producer *kgo.Client, wanted line.Transact) error {
	id, epoch, err := producer.ProducerID(ctx)
	if err != nil {
		return err
	}
	partition := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	partition.Partition, partition.Offset = wanted.Offsets.Partition, wanted.Offsets.Offset
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic, topic.Partitions = wanted.Offsets.Topic, []kmsg.TxnOffsetCommitRequestTopicPartition{partition}
	request := kmsg.NewPtrTxnOffsetCommitRequest()
	request.TransactionalID, request.Group, request.Generation = wanted.ID, wanted.Offsets.Group, -1
	request.ProducerID, request.ProducerEpoch, request.Topics = id, epoch, []kmsg.TxnOffsetCommitRequestTopic{topic}
	answer, err := request.RequestWith(ctx, producer)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode)
}

func (it *client) transactionalProducer(id string) (*transactional, error) {
	if known, isKnown := it.transactional[id]; isKnown {
		return known, nil
	}
	producer, err := it.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(id))
	if err != nil {
		return nil, err
	}
	it.transactional[id] = &transactional{producer, false}
	return it.transactional[id], nil
}

// Reading

func (it *client) read(wanted line.Read) (any, error) {
	from := kgo.NewOffset().AtStart()
	if wanted.From.Offset != nil {
		from = kgo.NewOffset().At(*wanted.From.Offset)
	} else if wanted.From.TimestampMs != nil {
		from = kgo.NewOffset().AfterMilli(*wanted.From.TimestampMs)
	}
	options := []kgo.Opt{kgo.ConsumePartitions(everywhere(wanted.Topic, wanted.Partitions, from)), kgo.ConsumeResetOffset(kgo.NoResetOffset())}
	if wanted.Isolation == "read_committed" {
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	reader, err := it.connect(append(options, kgo.FetchMaxPartitionBytes(line.MostBytes), kgo.BrokerMaxReadBytes(2*line.MostBytes))...)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return take(reader, wanted.Count, wanted.Patience())
}

func everywhere(topic string, partitions []int32, from kgo.Offset) map[string]map[int32]kgo.Offset {
	offsets := map[int32]kgo.Offset{}
	for _, partition := range partitions {
		offsets[partition] = from
	}
	return map[string]map[int32]kgo.Offset{topic: offsets}
}

func take(reader *kgo.Client, count int, wait time.Duration) ([]line.Seen, error) {
	ctx, cancel := patience(wait)
	defer cancel()
	seen := []line.Seen{}
	for len(seen) < count && ctx.Err() == nil {
		fetches := reader.PollFetches(ctx)
		for _, failed := range fetches.Errors() {
			if !errors.Is(failed.Err, context.DeadlineExceeded) {
				return nil, failed.Err
			}
		}
		fetches.EachRecord(func(record *kgo.Record) { seen = append(seen, seenOf(record)) })
	}
	return line.SeenInOrder(seen), nil
}

func seenOf(record *kgo.Record) line.Seen {
	headers := [][2]string{}
	for _, header := range record.Headers {
		headers = append(headers, [2]string{header.Key, string(header.Value)})
	}
	return line.Seen{Offset: record.Offset, Record: line.Record{
		Partition: record.Partition, Key: line.Text(record.Key), Value: line.Text(record.Value), TimestampMs: record.Timestamp.UnixMilli(), Headers: headers,
	}}
}

func (it *client) readNew(wanted line.ReadNew) (any, error) {
	ends, err := it.offsets(line.Partitions{Topic: wanted.Topic, Partitions: wanted.Partitions}, it.admin.ListEndOffsets)
	if err != nil {
		return nil, err
	}
	from := map[int32]kgo.Offset{}
	for index, partition := range wanted.Partitions {
		from[partition] = kgo.NewOffset().At(ends[index])
	}
	reader, err := it.connect(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{wanted.Topic: from}))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	if _, err := it.produce(line.Produce{Topic: wanted.Topic, Records: wanted.Records}); err != nil {
		return nil, err
	}
	return take(reader, len(wanted.Records), line.CallTime)
}

type lister = func(context.Context, ...string) (kadm.ListedOffsets, error)

func (it *client) offsets(wanted line.Partitions, list lister) ([]int64, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := list(ctx, wanted.Topic)
	if err != nil {
		return nil, err
	}
	offsets := []int64{}
	for _, partition := range wanted.Partitions {
		offset, _ := found.Lookup(wanted.Topic, partition)
		if offset.Err != nil {
			return nil, offset.Err
		}
		offsets = append(offsets, offset.Offset)
	}
	return offsets, nil
}

func (it *client) watermarks(wanted line.Partitions) (any, error) {
	low, err := it.offsets(wanted, it.admin.ListStartOffsets)
	if err != nil {
		return nil, err
	}
	high, err := it.offsets(wanted, it.admin.ListEndOffsets)
	marks := []line.Watermarks{}
	for index := range high {
		marks = append(marks, line.Watermarks{Low: low[index], High: high[index]})
	}
	return marks, err
}

// kadm gives the end where no record is as young; told by its timestamp, which is then -1.
func (it *client) offsetsForTime(wanted line.Partitions) (any, error) {
	return it.offsets(wanted, func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		found, err := it.admin.ListOffsetsAfterMilli(ctx, wanted.TimestampMs, topics...)
		for _, partitions := range found {
			for partition, offset := range partitions {
				if offset.Timestamp == -1 {
					offset.Offset = -1
					partitions[partition] = offset
				}
			}
		}
		return found, err
	})
}

// Groups

// The group membership of this process: it polls all the time, and commits what it received.
type member struct {
	log      line.Log
	client   *kgo.Client
	stop     context.CancelFunc
	hasEnded chan struct{}
}

func (it *client) join(wanted line.Group) (any, error) {
	joined := &member{hasEnded: make(chan struct{})}
	partitions := func(change func([]int32)) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) { change(changed[wanted.Topic]) }
	}
	lose := partitions(func(lost []int32) { joined.log.Change(nil, lost) })
	options := []kgo.Opt{
		kgo.ConsumerGroup(wanted.Group), kgo.ConsumeTopics(wanted.Topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(500 * time.Millisecond),
		kgo.OnPartitionsAssigned(partitions(func(gained []int32) { joined.log.Change(gained, nil) })),
		kgo.OnPartitionsRevoked(lose), kgo.OnPartitionsLost(lose),
	}
	if wanted.Protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
	}
	var err error
	joined.client, err = it.connect(options...)
	if err != nil {
		return nil, err
	}
	polling, stop := context.WithCancel(context.Background())
	joined.stop = stop
	it.member = joined
	go joined.poll(polling)
	return nil, nil
}

func (it *member) poll(ctx context.Context) {
	defer close(it.hasEnded)
	for {
		fetches := it.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return
		}
		fetches.EachRecord(func(record *kgo.Record) { it.log.Receive(record.Partition, record.Offset, record.Value) })
		// Where a rebalance comes in between, the next owner reads the records again.
		_ = it.client.CommitUncommittedOffsets(ctx)
	}
}

func (it *member) leave() error {
	it.stop()
	<-it.hasEnded
	it.client.Close()
	return nil
}

func (it *client) committed(wanted line.Partitions) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.FetchOffsets(ctx, wanted.Group)
	offsets := []int64{}
	for _, partition := range wanted.Partitions {
		offset, isThere := found.Lookup(wanted.Topic, partition)
		if !isThere {
			offset.At = -1
		}
		offsets = append(offsets, offset.At)
	}
	return offsets, err
}

func (it *client) commit(wanted line.Commit) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	offsets := kadm.Offsets{}
	for _, place := range wanted.Offsets {
		offsets.AddOffset(wanted.Topic, place.Partition, place.Offset, -1)
	}
	return nil, it.admin.CommitAllOffsets(ctx, wanted.Group, offsets)
}

func (it *client) listGroups(wanted line.Prefix) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.ListGroups(ctx)
	return wanted.Beginning(found.Groups()), err
}

func (it *client) describeGroup(wanted line.Group) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	found, err := it.admin.DescribeGroups(ctx, wanted.Group)
	if err != nil {
		return nil, err
	}
	group := found[wanted.Group]
	return line.Described{State: group.State, Members: len(group.Members)}, group.Err
}

func (it *client) deleteGroup(wanted line.Group) (any, error) {
	ctx, cancel := patience(line.CallTime)
	defer cancel()
	deleted, err := it.admin.DeleteGroups(ctx, wanted.Group)
	if err != nil {
		return nil, err
	}
	return nil, deleted[wanted.Group].Err
}
