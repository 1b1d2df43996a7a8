//! rust-rdkafka (librdkafka, built with it) as a client program of the interop suite: rust-rdkafka BOOTSTRAP.

mod lines;

use lines::{Answer, Refused, in_order, number, partitions, serve, text};
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const CALL: Duration = Duration::from_secs(20);

struct Clients {
    bootstrap: String,
    runtime: tokio::runtime::Runtime,
    admin: AdminClient<DefaultClientContext>,
    /// By transactional id, and whether a transaction is open.
    transactional: HashMap<String, (FutureProducer, bool)>,
    member: Option<BaseConsumer>,
    received: Vec<Value>,
}

fn main() {
    let bootstrap = std::env::args().nth(1).expect("the brokers' address");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let guard = runtime.enter();
    let admin = common(&bootstrap).create().expect("an administration");
    drop(guard);
    let mut clients = Clients { bootstrap, runtime, admin, transactional: HashMap::new(), member: None, received: vec![] };
    serve(|asked| match asked {
        None => clients.idle(),
        Some((call, args)) => clients.answer(call, args),
    });
}

fn common(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("broker.address.family", "v4");
    config
}

fn reader(bootstrap: &str, more: &[(&str, &str)]) -> Result<BaseConsumer, Refused> {
    let mut config = common(bootstrap);
    config.set("group.id", format!("reader-{}-{:?}", std::process::id(), Instant::now()));
    for (name, value) in [("enable.auto.commit", "false"), ("auto.offset.reset", "error"), ("fetch.wait.max.ms", "100")] {
        config.set(name, value);
    }
    for (name, value) in more {
        config.set(*name, *value);
    }
    config.create().map_err(refused)
}

impl Clients {
    fn answer(&mut self, call: &str, args: &Value) -> Answer {
        let topic = text(args, "topic");
        match call {
            "about" => Ok(about()),
            "createTopic" | "deleteTopic" | "addPartitions" | "describeConfigs" | "alterConfigs" | "deleteGroup" => self.administrate(call, args),
            "partitionCount" => {
                let metadata = reader(&self.bootstrap, &[])?.fetch_metadata(Some(topic), CALL).map_err(refused)?;
                let found = &metadata.topics()[0];
                match found.error() {
                    Some(error) => Err(refused_code(RDKafkaErrorCode::from(error))),
                    None => Ok(json!(found.partitions().len())),
                }
            }
            "listTopics" => {
                let metadata = reader(&self.bootstrap, &[])?.fetch_metadata(None, CALL).map_err(refused)?;
                let mut names: Vec<&str> = metadata.topics().iter().map(|each| each.name()).filter(|name| name.starts_with(text(args, "prefix"))).collect();
                names.sort();
                Ok(json!(names))
            }
            "produce" => self.produce(args),
            "produceSteadily" => self.produce_steadily(args),
            "transact" => self.transact(args),
            "read" => self.read(args),
            "watermarks" => {
                let consumer = reader(&self.bootstrap, &[])?;
                let pairs = partitions(args).into_iter().map(|each| consumer.fetch_watermarks(topic, each, CALL));
                let pairs = pairs.collect::<Result<Vec<_>, _>>().map_err(refused)?;
                Ok(pairs.into_iter().map(|(low, high)| json!({ "low": low, "high": high })).collect())
            }
            "offsetsForTime" => {
                let found = starts(&reader(&self.bootstrap, &[])?, topic, &partitions(args), &json!({ "timestampMs": args["timestampMs"] }))?;
                Ok(found.elements().iter().map(|each| json!(each.offset().to_raw().unwrap_or(-1).max(-1))).collect())
            }
            "join" => self.join(args),
            "assignment" => {
                let assigned = self.member.as_ref().map(|member| member.assignment().map_err(refused)).transpose()?;
                let mut own: Vec<i32> = assigned.map(|list| list.elements().iter().map(|each| each.partition()).collect()).unwrap_or_default();
                own.sort();
                Ok(json!(own))
            }
            "received" => Ok(in_order(self.received.clone())),
            "leave" => {
                self.member = None;
                Ok(Value::Null)
            }
            "committed" => {
                let consumer = reader(&self.bootstrap, &[("group.id", text(args, "group"))])?;
                let found = consumer.committed_offsets(list_of(topic, &partitions(args)), CALL).map_err(refused)?;
                Ok(found.elements().iter().map(|each| json!(each.offset().to_raw().unwrap_or(-1).max(-1))).collect())
            }
            "commit" => {
                let consumer = reader(&self.bootstrap, &[("group.id", text(args, "group"))])?;
                let mut list = TopicPartitionList::new();
                for each in args["offsets"].as_array().into_iter().flatten() {
                    list.add_partition_offset(topic, number(each, "partition") as i32, Offset::Offset(number(each, "offset"))).map_err(refused)?;
                }
                consumer.commit(&list, CommitMode::Sync).map_err(refused)?;
                Ok(Value::Null)
            }
            "listGroups" => {
                let groups = reader(&self.bootstrap, &[])?.fetch_group_list(None, CALL).map_err(refused)?;
                let mut names: Vec<&str> = groups.groups().iter().map(|each| each.name()).filter(|name| name.starts_with(text(args, "prefix"))).collect();
                names.sort();
                Ok(json!(names))
            }
            "describeGroup" => {
                let groups = reader(&self.bootstrap, &[])?.fetch_group_list(Some(text(args, "group")), CALL).map_err(refused)?;
                let found = groups.groups().first().map(|each| json!({ "state": each.state(), "members": each.members().len() }));
                Ok(found.unwrap_or(json!({ "state": "none", "members": 0 })))
            }
            _ => Err(Refused("lacking".into(), call.into())),
        }
    }

    fn administrate(&self, call: &str, args: &Value) -> Answer {
        let topic = text(args, "topic");
        let options = AdminOptions::new().request_timeout(Some(CALL)).operation_timeout(Some(CALL));
        let resource = ResourceSpecifier::Topic(topic);
        let configs = args["configs"].as_object().cloned().unwrap_or_default();
        let settings = configs.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        let wanted = number(args, "partitions");
        let failed = |(_, code): (String, RDKafkaErrorCode)| refused_code(code);
        self.runtime.block_on(async {
            match call {
                "createTopic" => {
                    let fresh = settings.fold(NewTopic::new(topic, wanted as i32, TopicReplication::Fixed(1)), |topic, (name, value)| topic.set(name, value));
                    self.admin.create_topics([&fresh], &options).await.map_err(refused)?.remove(0).map_err(failed)?;
                }
                "deleteTopic" => {
                    self.admin.delete_topics(&[topic], &options).await.map_err(refused)?.remove(0).map_err(failed)?;
                }
                "addPartitions" => {
                    let more = NewPartitions::new(topic, wanted as usize);
                    self.admin.create_partitions([&more], &options).await.map_err(refused)?.remove(0).map_err(failed)?;
                }
                "deleteGroup" => {
                    self.admin.delete_groups(&[text(args, "group")], &options).await.map_err(refused)?.remove(0).map_err(failed)?;
                }
                "alterConfigs" => {
                    let altered = settings.fold(AlterConfig::new(resource), |altered, (name, value)| altered.set(name, value));
                    self.admin.alter_configs([&altered], &options).await.map_err(refused)?.remove(0).map_err(|(_, code)| refused_code(code))?;
                }
                _ => {
                    let described = self.admin.describe_configs([&resource], &options).await.map_err(refused)?.remove(0).map_err(refused_code)?;
                    let names = args["names"].as_array().into_iter().flatten().filter_map(Value::as_str);
                    let values = names.map(|name| (name.to_string(), json!(described.get(name).and_then(|entry| entry.value.clone()))));
                    return Ok(Value::Object(values.collect()));
                }
            }
            Ok(Value::Null)
        })
    }

    fn producer(&self, more: &[(&str, &str)]) -> Result<FutureProducer, Refused> {
        let _guard = self.runtime.enter();
        let mut config = common(&self.bootstrap);
        config.set("message.max.bytes", "10000000").set("allow.auto.create.topics", "false");
        for (name, value) in more {
            config.set(*name, *value);
        }
        config.create().map_err(refused)
    }

    fn send(&self, producer: &FutureProducer, args: &Value) -> Result<Vec<Value>, Refused> {
        let records = args["records"].as_array().into_iter().flatten();
        let mut sending = vec![];
        for record in records {
            let headers = record["headers"].as_array().into_iter().flatten().fold(OwnedHeaders::new(), |headers, pair| {
                headers.insert(Header { key: pair[0].as_str().unwrap_or_default(), value: pair[1].as_str() })
            });
            let fresh = FutureRecord {
                topic: text(args, "topic"),
                partition: Some(number(record, "partition") as i32),
                payload: record["value"].as_str(),
                key: record["key"].as_str(),
                timestamp: record["timestampMs"].as_i64(),
                headers: Some(headers),
            };
            sending.push(producer.send_result(fresh).map_err(|(error, _)| refused(error))?);
        }
        let mut sent = vec![];
        for each in sending {
            let delivered = self.runtime.block_on(each).map_err(|_| Refused("Canceled".into(), String::new()))?;
            let delivery = delivered.map_err(|(error, _)| refused(error))?;
            sent.push(json!({ "partition": delivery.partition, "offset": delivery.offset }));
        }
        Ok(sent)
    }

    fn produce(&self, args: &Value) -> Answer {
        let acks = args["acks"].as_i64().unwrap_or(-1).to_string();
        let idempotence = args["isIdempotent"].as_bool().unwrap_or(false).to_string();
        let codec = args["codec"].as_str().unwrap_or("none");
        let settings = [("acks", acks.as_str()), ("enable.idempotence", &idempotence), ("compression.type", codec), ("linger.ms", "50"), ("message.timeout.ms", "20000")];
        Ok(in_order(self.send(&self.producer(&settings)?, args)?))
    }

    fn produce_steadily(&self, args: &Value) -> Answer {
        let producer = self.producer(&[("message.timeout.ms", "60000"), ("linger.ms", "0")])?;
        let wanted = partitions(args);
        let (mut acknowledged, mut errors) = (vec![], vec![]);
        for index in 0..number(args, "count") as usize {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis() as i64;
            let record = json!({ "partition": wanted[index % wanted.len()], "key": null, "value": index.to_string(), "timestampMs": now });
            match self.send(&producer, &json!({ "topic": text(args, "topic"), "records": [record] })) {
                Ok(_) => acknowledged.push(index.to_string()),
                Err(Refused(name, _)) => errors.push(name),
            }
            std::thread::sleep(Duration::from_millis(number(args, "everyMs") as u64));
        }
        Ok(json!({ "acknowledged": acknowledged, "refused": errors }))
    }

    fn transact(&mut self, args: &Value) -> Answer {
        let id = text(args, "id").to_string();
        if !self.transactional.contains_key(&id) {
            let fresh = self.producer(&[("transactional.id", id.as_str()), ("linger.ms", "0")])?;
            fresh.init_transactions(CALL).map_err(refused)?;
            self.transactional.insert(id.clone(), (fresh, false));
        }
        let (producer, is_open) = self.transactional[&id].clone();
        if !is_open {
            producer.begin_transaction().map_err(refused)?;
        }
        self.transactional.insert(id, (producer.clone(), text(args, "end") == "open"));
        self.send(&producer, args)?;
        if let Some(offsets) = args["offsets"].as_object() {
            let offsets = Value::Object(offsets.clone());
            let member = reader(&self.bootstrap, &[("group.id", text(&offsets, "group"))])?;
            let mut list = TopicPartitionList::new();
            let place = (text(&offsets, "topic"), number(&offsets, "partition") as i32);
            list.add_partition_offset(place.0, place.1, Offset::Offset(number(&offsets, "offset"))).map_err(refused)?;
            let metadata = member.group_metadata().ok_or(Refused("none".into(), "no metadata of the group".into()))?;
            producer.send_offsets_to_transaction(&list, &metadata, CALL).map_err(refused)?;
        }
        match text(args, "end") {
            "commit" => producer.commit_transaction(CALL).map_err(refused)?,
            "abort" => producer.abort_transaction(CALL).map_err(refused)?,
            _ => {}
        }
        Ok(Value::Null)
    }

    fn read(&self, args: &Value) -> Answer {
        let consumer = reader(&self.bootstrap, &[("isolation.level", args["isolation"].as_str().unwrap_or("read_committed"))])?;
        consumer.assign(&starts(&consumer, text(args, "topic"), &partitions(args), &args["from"])?).map_err(refused)?;
        let deadline = Instant::now() + Duration::from_millis(args["waitMs"].as_u64().unwrap_or(15_000));
        let mut seen = vec![];
        while seen.len() < number(args, "count") as usize && Instant::now() < deadline {
            if let Some(polled) = consumer.poll(Duration::from_millis(100)) {
                seen.push(to_json(&polled.map_err(refused)?));
            }
        }
        Ok(in_order(seen))
    }

    fn join(&mut self, args: &Value) -> Answer {
        let settings = [("group.id", text(args, "group")), ("auto.offset.reset", "earliest"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")];
        let member = reader(&self.bootstrap, &settings)?;
        member.subscribe(&[text(args, "topic")]).map_err(refused)?;
        self.received.clear();
        self.member = Some(member);
        Ok(Value::Null)
    }

    /// Takes a record and commits it.
    fn idle(&mut self) -> Answer {
        let Some(member) = &self.member else { return Ok(Value::Null) };
        if let Some(Ok(message)) = member.poll(Duration::from_millis(20)) {
            let seen = to_json(&message);
            self.received.push(json!({ "partition": seen["partition"], "offset": seen["offset"], "value": seen["value"] }));
            // Where a rebalance came in between, the next owner reads the record again.
            let _ = member.commit_message(&message, CommitMode::Sync);
        }
        Ok(Value::Null)
    }
}

fn about() -> Value {
    let (_, version) = rdkafka::util::get_rdkafka_version();
    json!({
        "version": format!("0.39.0 (librdkafka {version})"),
        "codecs": ["none", "gzip", "snappy", "lz4", "zstd"],
        "lacks": { "readNew": "the same as read for it" },
    })
}

fn list_of(topic: &str, partitions: &[i32]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

fn starts(consumer: &BaseConsumer, topic: &str, partitions: &[i32], from: &Value) -> Result<TopicPartitionList, Refused> {
    let mut list = list_of(topic, partitions);
    if let Some(timestamp_ms) = from["timestampMs"].as_i64() {
        list.set_all_offsets(Offset::Offset(timestamp_ms)).map_err(refused)?;
        return consumer.offsets_for_times(list, CALL).map_err(refused);
    }
    list.set_all_offsets(from["offset"].as_i64().map_or(Offset::Beginning, Offset::Offset)).map_err(refused)?;
    Ok(list)
}

fn to_json(message: &impl Message) -> Value {
    let text = |bytes: Option<&[u8]>| bytes.map(|content| String::from_utf8_lossy(content).into_owned());
    let headers = message.headers().map(|all| all.iter().map(|each| json!([each.key, text(each.value)])).collect::<Vec<_>>());
    json!({
        "partition": message.partition(), "offset": message.offset(), "key": text(message.key()), "value": text(message.payload()),
        "timestampMs": message.timestamp().to_millis(), "headers": headers.unwrap_or_default(),
    })
}

fn refused(error: KafkaError) -> Refused {
    match error.rdkafka_error_code() {
        Some(code) => Refused(format!("{code:?}"), error.to_string()),
        None => Refused("KafkaError".into(), error.to_string()),
    }
}

fn refused_code(code: RDKafkaErrorCode) -> Refused {
    Refused(format!("{code:?}"), code.to_string())
}
