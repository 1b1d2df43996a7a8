// kafka-go as a client program of the interop suite: kafka-go BOOTSTRAP. See ../line for what it reads and answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"interop/line"

	"github.com/segmentio/kafka-go"
)

type client struct {
	*kafka.Client
	brokers []string
	member  *member
}

var hasNoProducerID = "its batches carry no producer id"

func main() {
	it := &client{Client: &kafka.Client{Addr: kafka.TCP(os.Args[1]), Timeout: line.CallTime}, brokers: os.Args[1:]}
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

// An error has the protocol's title where there is one.
func refusal(err error) line.Refused {
	var many kafka.WriteErrors
	if errors.As(err, &many) {
		for _, each := range many {
			if each != nil {
				err = each
			}
		}
	}
	var code kafka.Error
	if errors.As(err, &code) {
		return line.Refused{Name: code.Title(), Message: err.Error()}
	}
	return line.Refused{Name: fmt.Sprintf("%T", err), Message: err.Error()}
}

func about(struct{}) (any, error) {
	return line.About{Version: line.Version("github.com/segmentio/kafka-go"), Codecs: line.AllCodecs, Lacks: map[string]string{
		"consumer protocol": "it has no requests of it", "idempotence": hasNoProducerID, "transact": hasNoProducerID,
		"offsets in transactions": hasNoProducerID,
	}}, nil
}

func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), line.CallTime)
}

// Topics

func (it *client) createTopic(wanted line.Topic) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	topic := kafka.TopicConfig{Topic: wanted.Topic, NumPartitions: int(wanted.Partitions), ReplicationFactor: 1}
	for name, value := range wanted.Configs {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	made, err := it.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err != nil {
		return nil, err
	}
	return nil, made.Errors[wanted.Topic]
}

func (it *client) deleteTopic(wanted line.Topic) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	deleted, err := it.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{wanted.Topic}})
	if err != nil {
		return nil, err
	}
	return nil, deleted.Errors[wanted.Topic]
}

// The question for one topic would make it: at once in Odradek, a moment after the answer in Kafka.
func (it *client) partitionCount(wanted line.Topic) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	found, err := it.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	for _, topic := range found.Topics {
		if topic.Name == wanted.Topic {
			return len(topic.Partitions), topic.Error
		}
	}
	return nil, kafka.UnknownTopicOrPartition
}

func (it *client) listTopics(wanted line.Prefix) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	found, err := it.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, topic := range found.Topics {
		names = append(names, topic.Name)
	}
	return wanted.Beginning(names), nil
}

func (it *client) addPartitions(wanted line.Topic) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	topics := []kafka.TopicPartitionsConfig{{Name: wanted.Topic, Count: wanted.Partitions}}
	grown, err := it.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: topics})
	if err != nil {
		return nil, err
	}
	return nil, grown.Errors[wanted.Topic]
}

func (it *client) describeConfigs(wanted line.ConfigNames) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	resource := kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: wanted.Topic, ConfigNames: wanted.Names}
	found, err := it.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{resource}})
	if err != nil {
		return nil, err
	}
	values := map[string]*string{}
	for _, name := range wanted.Names {
		values[name] = nil
	}
	for _, entry := range found.Resources[0].ConfigEntries {
		values[entry.ConfigName] = &entry.ConfigValue
	}
	return values, found.Resources[0].Error
}

func (it *client) alterConfigs(wanted line.Topic) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	resource := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: wanted.Topic}
	for name, value := range wanted.Configs {
		change := kafka.IncrementalAlterConfigsRequestConfig{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}
		resource.Configs = append(resource.Configs, change)
	}
	resources := []kafka.IncrementalAlterConfigsRequestResource{resource}
	altered, err := it.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: resources})
	if err != nil {
		return nil, err
	}
	return nil, altered.Resources[0].Error
}

// Producing

var codecs = map[string]kafka.Compression{"gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd}

// The partition of a message to be written is in its WriterData.
func (it *client) writer(topic string) *kafka.Writer {
	toItsPartition := func(message kafka.Message, _ ...int) int { return message.WriterData.(int) }
	return &kafka.Writer{
		Addr: it.Addr, Topic: topic, Balancer: kafka.BalancerFunc(toItsPartition), RequiredAcks: kafka.RequireAll,
		BatchBytes: line.MostBytes, BatchTimeout: 10 * time.Millisecond, Transport: &kafka.Transport{},
	}
}

func (it *client) produce(wanted line.Produce) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	writer := it.writer(wanted.Topic)
	defer writer.Close()
	writer.RequiredAcks = kafka.RequiredAcks(wanted.Wanted())
	writer.Compression = codecs[wanted.Codec]
	lock := sync.Mutex{}
	places := []line.Place{}
	writer.Completion = func(messages []kafka.Message, _ error) {
		lock.Lock()
		defer lock.Unlock()
		for _, message := range messages {
			places = append(places, line.Place{Partition: int32(message.Partition), Offset: message.Offset})
		}
	}
	messages := []kafka.Message{}
	for _, record := range wanted.Records {
		message := kafka.Message{Key: line.Bytes(record.Key), Value: line.Bytes(record.Value), Time: record.Time(), WriterData: int(record.Partition)}
		for _, header := range record.Headers {
			message.Headers = append(message.Headers, kafka.Header{Key: header[0], Value: []byte(header[1])})
		}
		messages = append(messages, message)
	}
	err := writer.WriteMessages(ctx, messages...)
	lock.Lock()
	defer lock.Unlock()
	return line.InOrder(places, func(place line.Place) line.Place { return place }), err
}

func (it *client) produceSteadily(wanted line.Steadily) (any, error) {
	writer := it.writer(wanted.Topic)
	defer writer.Close()
	writer.MaxAttempts = 300
	writer.WriteBackoffMax = 200 * time.Millisecond
	one := func(partition int32, value string) error {
		return writer.WriteMessages(context.Background(), kafka.Message{Value: []byte(value), WriterData: int(partition)})
	}
	return wanted.Send(one, refusal), nil
}

// Reading

func (it *client) read(wanted line.Read) (any, error) {
	starts := map[int]int64{}
	for _, partition := range wanted.Partitions {
		starts[int(partition)] = kafka.FirstOffset
		if wanted.From.Offset != nil {
			starts[int(partition)] = *wanted.From.Offset
		}
	}
	if wanted.From.TimestampMs != nil {
		if err := it.startAt(*wanted.From.TimestampMs, wanted, starts); err != nil {
			return nil, err
		}
	}
	isolation := kafka.ReadUncommitted
	if wanted.Isolation == "read_committed" {
		isolation = kafka.ReadCommitted
	}
	return it.take(starts, kafka.ReaderConfig{Topic: wanted.Topic, IsolationLevel: isolation}, wanted.Count, wanted.Patience())
}

// An offset of -1, of a time that is later than the last record, is the end for a reader.
func (it *client) startAt(timestampMs int64, wanted line.Read, starts map[int]int64) error {
	found, err := it.listed(line.Partitions{Topic: wanted.Topic, Partitions: wanted.Partitions}, func(partition int) kafka.OffsetRequest {
		return kafka.OffsetRequest{Partition: partition, Timestamp: timestampMs}
	})
	for _, each := range found {
		starts[each.Partition] = offsetOf(each)
	}
	return err
}

type taken struct {
	message kafka.Message
	err     error
}

// Reads each partition with a reader of its own until there are so many records in all, or the time is over.
func (it *client) take(starts map[int]int64, config kafka.ReaderConfig, count int, wait time.Duration) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	records := make(chan taken)
	reading := sync.WaitGroup{}
	defer func() { cancel(); reading.Wait() }()
	for partition, start := range starts {
		reader := it.reader(config, partition, start)
		reading.Go(func() { pump(ctx, reader, records) })
	}
	seen := []line.Seen{}
	for len(seen) < count {
		select {
		case next := <-records:
			if next.err != nil {
				return nil, next.err
			}
			seen = append(seen, seenOf(next.message))
		case <-ctx.Done():
			return line.SeenInOrder(seen), nil
		}
	}
	return line.SeenInOrder(seen), nil
}

func (it *client) reader(config kafka.ReaderConfig, partition int, start int64) *kafka.Reader {
	config.Brokers, config.Partition, config.OffsetOutOfRangeError = it.brokers, partition, true
	config.MinBytes, config.MaxBytes, config.MaxWait = 1, line.MostBytes, 100*time.Millisecond
	reader := kafka.NewReader(config)
	_ = reader.SetOffset(start)
	return reader
}

func pump(ctx context.Context, reader *kafka.Reader, records chan<- taken) {
	defer reader.Close()
	for {
		message, err := reader.FetchMessage(ctx)
		if ctx.Err() != nil {
			return
		}
		select {
		case records <- taken{message, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func seenOf(message kafka.Message) line.Seen {
	headers := [][2]string{}
	for _, header := range message.Headers {
		headers = append(headers, [2]string{header.Key, string(header.Value)})
	}
	return line.Seen{Offset: message.Offset, Record: line.Record{
		Partition: int32(message.Partition), Key: line.Text(message.Key), Value: line.Text(message.Value), TimestampMs: message.Time.UnixMilli(), Headers: headers,
	}}
}

func (it *client) readNew(wanted line.ReadNew) (any, error) {
	ends, err := it.listed(line.Partitions{Topic: wanted.Topic, Partitions: wanted.Partitions}, kafka.LastOffsetOf)
	if err != nil {
		return nil, err
	}
	starts := map[int]int64{}
	for _, end := range ends {
		starts[end.Partition] = end.LastOffset
	}
	if _, err := it.produce(line.Produce{Topic: wanted.Topic, Records: wanted.Records}); err != nil {
		return nil, err
	}
	return it.take(starts, kafka.ReaderConfig{Topic: wanted.Topic}, len(wanted.Records), line.CallTime)
}

// In the order of the partitions.
func (it *client) listed(wanted line.Partitions, requests ...func(partition int) kafka.OffsetRequest) ([]kafka.PartitionOffsets, error) {
	ctx, cancel := patience()
	defer cancel()
	asked := []kafka.OffsetRequest{}
	for _, partition := range wanted.Partitions {
		for _, request := range requests {
			asked = append(asked, request(int(partition)))
		}
	}
	answer, err := it.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{wanted.Topic: asked}})
	if err != nil {
		return nil, err
	}
	found := map[int]kafka.PartitionOffsets{}
	for _, each := range answer.Topics[wanted.Topic] {
		if each.Error != nil {
			return nil, each.Error
		}
		found[each.Partition] = each
	}
	ordered := []kafka.PartitionOffsets{}
	for _, partition := range wanted.Partitions {
		ordered = append(ordered, found[int(partition)])
	}
	return ordered, nil
}

// The one that was found for a time, or -1.
func offsetOf(found kafka.PartitionOffsets) int64 {
	for offset := range found.Offsets {
		return offset
	}
	return -1
}

func (it *client) watermarks(wanted line.Partitions) (any, error) {
	found, err := it.listed(wanted, kafka.FirstOffsetOf, kafka.LastOffsetOf)
	marks := []line.Watermarks{}
	for _, each := range found {
		marks = append(marks, line.Watermarks{Low: each.FirstOffset, High: each.LastOffset})
	}
	return marks, err
}

func (it *client) offsetsForTime(wanted line.Partitions) (any, error) {
	found, err := it.listed(wanted, func(partition int) kafka.OffsetRequest {
		return kafka.OffsetRequest{Partition: partition, Timestamp: wanted.TimestampMs}
	})
	offsets := []int64{}
	for _, each := range found {
		offsets = append(offsets, offsetOf(each))
	}
	return offsets, err
}

// Groups

// The group membership of this process: a reader for each partition of a generation, which commits what it received.
type member struct {
	client   *client
	topic    string
	log      line.Log
	group    *kafka.ConsumerGroup
	stop     context.CancelFunc
	hasEnded chan struct{}
}

func (it *client) join(wanted line.Group) (any, error) {
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: wanted.Group, Brokers: it.brokers, Topics: []string{wanted.Topic}, StartOffset: kafka.FirstOffset,
		SessionTimeout: 6 * time.Second, HeartbeatInterval: 500 * time.Millisecond, RebalanceTimeout: 10 * time.Second,
		JoinGroupBackoff: 200 * time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	it.member = &member{client: it, topic: wanted.Topic, group: group, stop: stop, hasEnded: make(chan struct{})}
	go it.member.live(ctx)
	return nil, nil
}

func (it *member) live(ctx context.Context) {
	defer close(it.hasEnded)
	for ctx.Err() == nil {
		generation, err := it.group.Next(ctx)
		if err != nil {
			continue
		}
		partitions := []int32{}
		for _, assigned := range generation.Assignments[it.topic] {
			partitions = append(partitions, int32(assigned.ID))
			generation.Start(func(ctx context.Context) { it.consume(ctx, generation, assigned) })
		}
		it.log.Assign(partitions)
	}
}

func (it *member) consume(ctx context.Context, generation *kafka.Generation, assigned kafka.PartitionAssignment) {
	reader := it.client.reader(kafka.ReaderConfig{Topic: it.topic}, assigned.ID, assigned.Offset)
	defer reader.Close()
	for {
		message, err := reader.FetchMessage(ctx)
		if err != nil {
			return
		}
		it.log.Receive(int32(message.Partition), message.Offset, message.Value)
		// Where a rebalance comes in between, the next owner reads the record again.
		_ = generation.CommitOffsets(map[string]map[int]int64{it.topic: {message.Partition: message.Offset + 1}})
	}
}

func (it *member) leave() error {
	it.stop()
	<-it.hasEnded
	return it.group.Close()
}

func (it *client) committed(wanted line.Partitions) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	partitions := []int{}
	for _, partition := range wanted.Partitions {
		partitions = append(partitions, int(partition))
	}
	found, err := it.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: wanted.Group, Topics: map[string][]int{wanted.Topic: partitions}})
	if err != nil {
		return nil, err
	}
	byPartition := map[int]int64{}
	for _, each := range found.Topics[wanted.Topic] {
		byPartition[each.Partition] = each.CommittedOffset
	}
	offsets := []int64{}
	for _, partition := range partitions {
		offsets = append(offsets, byPartition[partition])
	}
	return offsets, found.Error
}

func (it *client) commit(wanted line.Commit) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	offsets := []kafka.OffsetCommit{}
	for _, place := range wanted.Offsets {
		offsets = append(offsets, kafka.OffsetCommit{Partition: int(place.Partition), Offset: place.Offset})
	}
	topics := map[string][]kafka.OffsetCommit{wanted.Topic: offsets}
	answer, err := it.OffsetCommit(ctx, &kafka.OffsetCommitRequest{GroupID: wanted.Group, GenerationID: -1, Topics: topics})
	if err != nil {
		return nil, err
	}
	for _, each := range answer.Topics[wanted.Topic] {
		if each.Error != nil {
			return nil, each.Error
		}
	}
	return nil, nil
}

func (it *client) listGroups(wanted line.Prefix) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	found, err := it.ListGroups(ctx, &kafka.ListGroupsRequest{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, group := range found.Groups {
		names = append(names, group.GroupID)
	}
	return wanted.Beginning(names), found.Error
}

func (it *client) describeGroup(wanted line.Group) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	found, err := it.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{wanted.Group}})
	if err != nil {
		return nil, err
	}
	return line.Described{State: found.Groups[0].GroupState, Members: len(found.Groups[0].Members)}, found.Groups[0].Error
}

func (it *client) deleteGroup(wanted line.Group) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	deleted, err := it.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{wanted.Group}})
	if err != nil {
		return nil, err
	}
	return nil, deleted.Errors[wanted.Group]
}
