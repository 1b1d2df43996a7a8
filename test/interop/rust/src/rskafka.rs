//! rskafka as a client program of the interop suite: rskafka BOOTSTRAP. It knows topics and partitions: no groups, no transactions.

mod lines;

use chrono::DateTime;
use lines::{Answer, Refused, in_order, number, partitions, serve, text};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, error::Error};
use rskafka::record::Record;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CALL_MS: i32 = 20_000;

fn main() {
    let bootstrap = std::env::args().nth(1).expect("the brokers' address");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let building = ClientBuilder::new(vec![bootstrap]).max_message_size(100_000_000).build();
    let client = runtime.block_on(building).expect("a broker");
    serve(|asked| match asked {
        None => Ok(Value::Null),
        Some((call, args)) => runtime.block_on(answer(&client, call, args)),
    });
}

async fn answer(client: &Client, call: &str, args: &Value) -> Answer {
    let topic = text(args, "topic");
    match call {
        "about" => Ok(about()),
        "createTopic" => {
            client.controller_client().map_err(refused)?.create_topic(topic, number(args, "partitions") as i32, 1, CALL_MS).await.map_err(refused)?;
            // Kafka may not know it at once, and what is sent or read then fails.
            for _ in 0..50 {
                if client.partition_client(topic, 0, UnknownTopicHandling::Error).await.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(Value::Null)
        }
        "deleteTopic" => {
            client.controller_client().map_err(refused)?.delete_topic(topic, CALL_MS).await.map_err(refused)?;
            Ok(Value::Null)
        }
        "partitionCount" => {
            let found = client.list_topics().await.map_err(refused)?.into_iter().find(|each| each.name == topic);
            found.map(|each| json!(each.partitions.len())).ok_or(Refused("no such topic".into(), "it lists all".into()))
        }
        "listTopics" => {
            let topics = client.list_topics().await.map_err(refused)?;
            let mut names: Vec<String> = topics.into_iter().map(|each| each.name).filter(|name| name.starts_with(text(args, "prefix"))).collect();
            names.sort();
            Ok(json!(names))
        }
        "produce" => produce(client, args).await,
        "produceSteadily" => produce_steadily(client, args).await,
        "read" => read(client, args).await,
        "watermarks" => {
            let mut pairs = vec![];
            for partition in partitions(args) {
                let reader = reader_of(client, topic, partition).await?;
                let low = reader.get_offset(OffsetAt::Earliest).await.map_err(refused)?;
                pairs.push(json!({ "low": low, "high": reader.get_offset(OffsetAt::Latest).await.map_err(refused)? }));
            }
            Ok(json!(pairs))
        }
        "offsetsForTime" => {
            let mut offsets = vec![];
            for partition in partitions(args) {
                offsets.push(offset_at(&reader_of(client, topic, partition).await?, number(args, "timestampMs")).await?);
            }
            Ok(json!(offsets))
        }
        _ => Err(Refused("lacking".into(), call.into())),
    }
}

fn about() -> Value {
    let no = |what: &str| json!(format!("it has no {what}"));
    json!({
        "version": "0.6.0",
        "codecs": ["none", "gzip", "snappy", "lz4", "zstd"],
        "lacks": {
            "acks": no("choice of them"), "idempotence": no("idempotent producer"), "transact": no("transactions"),
            "join": no("groups"), "assignment": no("groups"), "received": no("groups"), "leave": no("groups"), "committed": no("groups"),
            "commit": no("groups"), "listGroups": no("groups"), "describeGroup": no("groups"), "deleteGroup": no("groups"),
            "addPartitions": no("such call"), "describeConfigs": no("such call"), "alterConfigs": no("such call"),
            "topic configs": no("configurations of new topics"), "readNew": no("reader that stands at the end"),
        },
    })
}

async fn reader_of(client: &Client, topic: &str, partition: i32) -> Result<PartitionClient, Refused> {
    client.partition_client(topic, partition, UnknownTopicHandling::Error).await.map_err(refused)
}

fn to_record(asked: &Value) -> Record {
    let bytes = |name: &str| asked[name].as_str().map(|content| content.as_bytes().to_vec());
    let headers = asked["headers"].as_array().into_iter().flatten();
    Record {
        key: bytes("key"),
        value: bytes("value"),
        headers: headers.map(|pair| (pair[0].as_str().unwrap_or_default().into(), pair[1].as_str().unwrap_or_default().into())).collect(),
        timestamp: DateTime::from_timestamp_millis(number(asked, "timestampMs")).expect("a time"),
    }
}

async fn produce(client: &Client, args: &Value) -> Answer {
    let compression = match text(args, "codec") {
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::NoCompression,
    };
    let records = args["records"].as_array().cloned().unwrap_or_default();
    let mut wanted: Vec<i64> = records.iter().map(|record| number(record, "partition")).collect();
    wanted.sort();
    wanted.dedup();
    let mut sent = vec![];
    for partition in wanted {
        let own: Vec<Record> = records.iter().filter(|record| number(record, "partition") == partition).map(to_record).collect();
        let writer = reader_of(client, text(args, "topic"), partition as i32).await?;
        let offsets = writer.produce(own, compression).await.map_err(refused)?;
        sent.extend(offsets.into_iter().map(|offset| json!({ "partition": partition, "offset": offset })));
    }
    Ok(in_order(sent))
}

async fn produce_steadily(client: &Client, args: &Value) -> Answer {
    let wanted = partitions(args);
    let mut writers = vec![];
    for partition in &wanted {
        writers.push(reader_of(client, text(args, "topic"), *partition).await?);
    }
    let (mut acknowledged, mut errors) = (vec![], vec![]);
    for index in 0..number(args, "count") as usize {
        let record = to_record(&json!({ "key": null, "value": index.to_string(), "timestampMs": chrono::Utc::now().timestamp_millis() }));
        match writers[index % wanted.len()].produce(vec![record], Compression::NoCompression).await {
            Ok(_) => acknowledged.push(index.to_string()),
            Err(error) => errors.push(refused(error).0),
        }
        tokio::time::sleep(Duration::from_millis(number(args, "everyMs") as u64)).await;
    }
    Ok(json!({ "acknowledged": acknowledged, "refused": errors }))
}

/// -1 where there is none, as it says itself.
async fn offset_at(reader: &PartitionClient, timestamp_ms: i64) -> Result<i64, Refused> {
    let at = DateTime::from_timestamp_millis(timestamp_ms).expect("a time");
    reader.get_offset(OffsetAt::Timestamp(at)).await.map_err(refused)
}

async fn read(client: &Client, args: &Value) -> Answer {
    let topic = text(args, "topic");
    let count = number(args, "count") as usize;
    let wait_ms = args["waitMs"].as_i64().unwrap_or(15_000) as u64;
    let deadline = Instant::now() + Duration::from_millis(wait_ms);
    let mut places = vec![];
    for partition in partitions(args) {
        let reader = reader_of(client, topic, partition).await?;
        let from = &args["from"];
        let start = if from == "beginning" {
            reader.get_offset(OffsetAt::Earliest).await.map_err(refused)?
        } else if let Some(offset) = from["offset"].as_i64() {
            offset
        } else {
            offset_at(&reader, number(from, "timestampMs")).await?
        };
        places.push((partition, reader, start));
    }
    let mut seen = vec![];
    while seen.len() < count && Instant::now() < deadline {
        for (partition, reader, next) in &mut places {
            if seen.len() >= count {
                break;
            }
            let (records, _) = reader.fetch_records(*next, 1..10_000_000, 100).await.map_err(refused)?;
            for each in records {
                *next = each.offset + 1;
                seen.push(to_json(*partition, each.offset, each.record));
            }
        }
    }
    Ok(in_order(seen))
}

fn to_json(partition: i32, offset: i64, record: Record) -> Value {
    let text = |bytes: Option<Vec<u8>>| bytes.map(|content| String::from_utf8_lossy(&content).into_owned());
    let headers: Vec<Value> = record.headers.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect();
    json!({
        "partition": partition, "offset": offset, "key": text(record.key), "value": text(record.value),
        "timestampMs": record.timestamp.timestamp_millis(), "headers": headers,
    })
}

fn refused(error: Error) -> Refused {
    match error {
        Error::ServerError { protocol_error, error_message, .. } => Refused(format!("{protocol_error:?}"), error_message.unwrap_or_default()),
        other => Refused(format!("{other:?}").chars().take_while(|each| each.is_alphanumeric()).collect(), other.to_string()),
    }
}
