//! Tests with files of typed columns, written by the crate's own writer.

use hive_tests::check_all;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use parquet::basic::{BrotliLevel, Compression, Encoding};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader as _;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use super::*;

/// The values of a column.
enum Values {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<(i64, i64)>),
    Texts(Vec<&'static [u8]>),
    Fixed(Vec<&'static [u8]>),
}

/// A column's values with their definition and repetition levels, if any.
type Levelled = (Values, Option<Vec<i16>>, Option<Vec<i16>>);

fn write(mut column: SerializedColumnWriter<'_>, (values, def, rep): &Levelled) {
    let (def, rep) = (def.as_deref(), rep.as_deref());
    let done = match values {
        Values::Int32(all) => column.typed::<Int32Type>().write_batch(all, def, rep),
        Values::Int64(all) => column.typed::<Int64Type>().write_batch(all, def, rep),
        Values::Int96(all) => {
            // Julian day and nanoseconds, little-endian: the day is the last word.
            let of = |(day, nanos): &(i64, i64)| {
                let mut value = Int96::new();
                value.set_data(*nanos as u32, (*nanos >> 32) as u32, (*day + 2_440_588) as u32);
                value
            };
            column.typed::<Int96Type>().write_batch(&all.iter().map(of).collect::<Vec<_>>(), def, rep)
        }
        Values::Texts(all) => {
            let all: Vec<ByteArray> = all.iter().map(|v| v.to_vec().into()).collect();
            column.typed::<ByteArrayType>().write_batch(&all, def, rep)
        }
        Values::Fixed(all) => {
            let all: Vec<FixedLenByteArray> = all.iter().map(|v| v.to_vec().into()).collect();
            column.typed::<FixedLenByteArrayType>().write_batch(&all, def, rep)
        }
    };
    done.unwrap();
    column.close().unwrap();
}

fn file_of(schema: &str, columns: &[Levelled], compression: Compression) -> Vec<u8> {
    file_with(schema, columns, WriterProperties::builder().set_compression(compression).build())
}

/// Texts in the two encodings that begin with lengths.
fn delta_texts(encoding: Encoding) -> Vec<u8> {
    let texts = Values::Texts(vec![b"one", b"one two", b"", b"one", b"one two three"]);
    let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding).build();
    file_with("optional binary a (UTF8);", &[(texts, Some(vec![1; 5]), None)], properties)
}

fn file_with(schema: &str, columns: &[Levelled], properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for values in columns {
        write(group.next_column().unwrap().unwrap(), values);
    }
    assert!(group.next_column().unwrap().is_none(), "every column has values");
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

fn rows(bytes: &[u8]) -> Result<Vec<Columns>, DatasetError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    std::fs::write(&path, bytes).unwrap();
    let mut reader = Parquet::open(&path)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row.columns.unwrap());
    }
    Ok(rows)
}

/// The values of one column: text and numbers as they are, the code of an error in angle brackets.
fn values(kind: &str, values: Values) -> Vec<Value> {
    let columns = [(values, None, None)];
    let rows = rows(&file_of(&format!("required {kind};"), &columns, Compression::UNCOMPRESSED)).unwrap();
    let value = |row: &Columns| match row.get("x") {
        Ok(value) => value.cloned().unwrap(),
        Err((code, _)) => Value::String(format!("<{code}>")),
    };
    rows.iter().map(value).collect()
}

const OUT: &str = "<value-out-of-range>";

#[test]
fn what_lies_beyond_the_calendar_is_a_fault_of_its_value() {
    let ints = |all: &[i32]| Values::Int32(all.to_vec());
    let longs = |all: &[i64]| Values::Int64(all.to_vec());
    let beyond = 1_i64 << 62;
    assert_eq!(
        values("int32 x (DATE)", ints(&[1, i32::MAX, i32::MIN, -1])),
        [json!("1970-01-02"), json!(OUT), json!(OUT), json!("1969-12-31")]
    );
    assert_eq!(
        values("int64 x (TIMESTAMP_MILLIS)", longs(&[1, beyond])),
        [json!("1970-01-01 00:00:00.001 +00:00"), json!(OUT)]
    );
    assert_eq!(
        values("int64 x (TIMESTAMP_MICROS)", longs(&[1, i64::MAX])),
        [json!("1970-01-01 00:00:00.000001 +00:00"), json!(OUT)]
    );
    assert_eq!(
        values("int64 x (TIMESTAMP(NANOS,false))", longs(&[1, i64::MIN])),
        [json!("1970-01-01 00:00:00.000000001"), json!("1677-09-21 00:12:43.145224192")]
    );
    assert_eq!(
        values("int32 x (TIME_MILLIS)", ints(&[1, -1, i32::MAX])),
        [json!("00:00:00.001"), json!(OUT), json!(OUT)]
    );
    assert_eq!(
        values("int64 x (TIME_MICROS)", longs(&[1, beyond, -1])),
        [json!("00:00:00.000001"), json!(OUT), json!(OUT)]
    );
    assert_eq!(values("int64 x (TIME(NANOS,true))", longs(&[1, beyond])), [json!("00:00:00.000000001"), json!(OUT)]);
    // A day out of range for nanoseconds in 64 bits is still a valid day.
    assert_eq!(
        values("int96 x", Values::Int96(vec![(0, 0), (200_000, 1_000_000), (i64::from(i32::MAX) - 2_440_588, 0)])),
        [json!("1970-01-01 00:00:00.000 +00:00"), json!("2517-08-01 00:00:00.001 +00:00"), json!(OUT)]
    );
}

#[test]
fn numbers_texts_and_bytes_are_what_their_type_says() {
    let ints = |all: &[i32]| Values::Int32(all.to_vec());
    assert_eq!(values("int32 x (UINT_8)", ints(&[200, -1])), [json!(200), json!(255)]);
    assert_eq!(values("int64 x (UINT_64)", Values::Int64(vec![-1])), [json!(u64::MAX)]);
    assert_eq!(values("int32 x (DECIMAL(9,2))", ints(&[-5, 12_345])), [json!("-0.05"), json!("123.45")]);
    assert_eq!(values("int64 x (DECIMAL(18,0))", Values::Int64(vec![7])), [json!("7")]);
    assert_eq!(
        values("fixed_len_byte_array(3) x (DECIMAL(6,1))", Values::Fixed(vec![&[0xff, 0xff, 0xf6]])),
        [json!("-1.0")]
    );
    assert_eq!(values("binary x (DECIMAL(6,1))", Values::Texts(vec![&[10], &[0x7f; 80]])), [json!("1.0"), json!(OUT)]);
    assert_eq!(values("binary x (UTF8)", Values::Texts(vec![b"a", b"\xff"])), [json!("a"), json!("<not-utf8>")]);
    assert_eq!(values("binary x (JSON)", Values::Texts(vec![b"{}"])), [json!("{}")]);
    assert_eq!(values("binary x", Values::Texts(vec![b"a", b"\xff"])), [json!("a"), json!("<not-utf8>")]);
    let uuid: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let shown = json!("00010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_eq!(values("fixed_len_byte_array(16) x (UUID)", Values::Fixed(vec![uuid])), [shown]);
    let interval: &[u8] = &[1, 0, 0, 0, 2, 0, 0, 0, 0xd5, 0x0b, 0, 0];
    assert_eq!(values("fixed_len_byte_array(12) x (INTERVAL)", Values::Fixed(vec![interval])), [json!("P1M2DT3.029S")]);
}

#[test]
fn lists_maps_and_groups_hold_typed_values() {
    let schema = "optional group list (LIST) { repeated group list { optional int32 element (DATE); } }
        required group map (MAP) { repeated group key_value { required binary key (UTF8); optional int64 value (TIMESTAMP_MILLIS); } }
        required group pair { required binary name (UTF8); required int32 day (DATE); }
        repeated int32 old (DATE);
        required group two (LIST) { repeated int32 array (DATE); }";
    let far = i32::MAX;
    let columns: Vec<Levelled> = vec![
        (Values::Int32(vec![0, 1, far]), Some(vec![3, 3, 0, 3]), Some(vec![0, 1, 0, 0])),
        (Values::Texts(vec![b"a", b"b", b"c"]), Some(vec![1, 1, 1]), Some(vec![0, 0, 0])),
        (Values::Int64(vec![0, i64::MAX]), Some(vec![2, 1, 2]), Some(vec![0, 0, 0])),
        (Values::Texts(vec![b"x", b"\xff", b"z"]), None, None),
        (Values::Int32(vec![0, 1, far]), None, None),
        (Values::Int32(vec![0, 1]), Some(vec![1, 1, 0, 0]), Some(vec![0, 1, 0, 0])),
        (Values::Int32(vec![0, 1]), Some(vec![1, 0, 1]), Some(vec![0, 0, 0])),
    ];
    let rows = rows(&file_of(schema, &columns, Compression::UNCOMPRESSED)).unwrap();
    let get =
        |row: usize, name: &str| rows[row].get(name).map(|value| value.cloned().unwrap()).map_err(|(code, _)| code);
    assert_eq!(rows.len(), 3);
    assert_eq!(get(0, "list"), Ok(json!(["1970-01-01", "1970-01-02"])));
    assert_eq!((get(1, "list"), get(2, "list")), (Ok(json!(null)), Err(code::NO_VALUE)));
    assert_eq!(get(0, "map"), Ok(json!({"a": "1970-01-01 00:00:00.000 +00:00"})));
    assert_eq!((get(1, "map"), get(2, "map")), (Ok(json!({"b": null})), Err(code::NO_VALUE)));
    assert_eq!(get(0, "pair"), Ok(json!({"name": "x", "day": "1970-01-01"})));
    assert_eq!((get(1, "pair"), get(2, "pair")), (Err(code::NOT_UTF8), Err(code::NO_VALUE)));
    assert_eq!((get(0, "old"), get(1, "old")), (Ok(json!(["1970-01-01", "1970-01-02"])), Ok(json!([]))));
    assert_eq!(get(2, "two").map(|two| two.to_string().contains("1970-01-02")), Ok(true));
}

#[test]
fn every_compression_in_use_is_read() {
    let columns: [Levelled; 1] = [(Values::Texts(vec![b"one", b"two"]), None, None)];
    check_all(
        [
            Compression::BROTLI(BrotliLevel::default()),
            Compression::SNAPPY,
            Compression::GZIP(parquet::basic::GzipLevel::default()),
            Compression::LZ4_RAW,
            Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        ],
        |compression| {
            let rows = rows(&file_of("required binary x (UTF8);", &columns, compression)).unwrap();
            assert_eq!(rows[1].get("x").unwrap(), Some(&json!("two")), "{compression}");
        },
    );
}

#[test]
fn a_damaged_column_costs_no_other() {
    let text: &'static [u8] = &[b'q'; 4000];
    let columns: [Levelled; 2] = [(Values::Texts(vec![text]), None, None), (Values::Int32(vec![7]), None, None)];
    let mut bytes = file_of("required binary x (UTF8); required int32 y;", &columns, Compression::UNCOMPRESSED);
    // The page of the first column declares a value longer than the page.
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    bytes[at - 4..at].fill(0x7f);
    let rows = rows(&bytes).unwrap();
    assert_eq!(rows[0].get("y").unwrap(), Some(&json!(7)));
    let (code, why) = rows[0].get("x").unwrap_err();
    assert!(code == code::DAMAGED && why.starts_with("row 1 cannot be read: column `x`: "), "{why}");
}

/// A file that consists of a footer.
fn around(footer: &[u8]) -> Vec<u8> {
    [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

#[test]
fn footers_that_ask_for_more_than_they_hold_are_refused() {
    // Field 2, a list of one structure whose field 5 is 2³¹ − 1 children.
    let greedy = [0x29, 0x1c, 0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0];
    // A list of 2³² elements in four bytes.
    let long = [0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    // A thousand groups, each within the one before.
    let mut deep = vec![0x29, 0xfc, 0xe8, 0x07];
    (0..1000).for_each(|_| deep.extend_from_slice(&[0x55, 0x02, 0]));
    for schema in [&greedy[..], &long, &deep] {
        let said = rows(&around(schema)).unwrap_err().to_string();
        assert!(said.ends_with("its footer is damaged, or nests too deeply"), "{said}");
    }
}

/// A list of 2³¹ − 1 booleans, as field 15: the bytes after the type of the previous field.
const TRUTHS: [u8; 7] = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];

/// The rest of a structure, after a field declared as a structure of one number. A reader that
/// takes that field for a number continues inside it, where the list begins.
const HIDDEN_TRUTHS: [u8; 12] = [0x1c, 0x08, 0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0];

#[test]
fn footers_that_keep_a_reader_busy_are_refused_at_once() {
    let start = Instant::now();
    for footer in [&[&TRUTHS[..], &[0]].concat(), &HIDDEN_TRUTHS[..]] {
        let said = rows(&around(footer)).unwrap_err().to_string();
        assert!(said.ends_with("its footer is damaged, or nests too deeply"), "{said}");
    }
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn page_headers_that_keep_a_reader_busy_are_refused_at_once() {
    let column: [Levelled; 1] = [(Values::Texts(vec![&[b'q'; 64]]), None, None)];
    let sound = file_of("required binary x (UTF8);", &column, Compression::UNCOMPRESSED);
    assert_eq!(&sound[..4], b"PAR1");
    let start = Instant::now();
    // A list of 2³¹ − 1 doubles in a file that ends after its header: the crate does not notice the
    // end.
    let doubles = [0xf9, 0xf7, 0xff, 0xff, 0xff, 0xff, 0x07];
    for header in [&[&TRUTHS[..], &[0]].concat(), &HIDDEN_TRUTHS[..], &doubles] {
        let mut file = sound.clone();
        file[4..4 + header.len()].copy_from_slice(header);
        let said = rows(&file).unwrap_err().to_string();
        assert!(said.ends_with("the header of a page is damaged"), "{said}");
    }
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn long_page_headers_are_read() {
    // A page header with an unknown field of 5,000 bytes before the final field.
    let column: [Levelled; 1] = [(Values::Texts(vec![b"one"]), None, None)];
    let sound = file_of("required binary x (UTF8);", &column, Compression::UNCOMPRESSED);
    let file = tempfile::tempfile().unwrap();
    let length = thrift::check(&sound[4..], &format::PAGE_HEADER).unwrap();
    // Field 100, a text.
    let unknown = [&[0x08, 0xc8, 0x01, 0x88, 0x27][..], &[7; 5000]].concat();
    let long = [&sound[4..4 + length - 1], &unknown, &[0], b"behind"].concat();
    (&file).write_all(&long).unwrap();
    let mut header = headers::CheckedHeaders(file).get_read(0).unwrap();
    let mut read = vec![0; length + unknown.len()];
    header.read_exact(&mut read).unwrap();
    assert!(long.starts_with(&read));
    let behind = header.read(&mut [0]).unwrap_err().kind();
    assert_eq!(behind, std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_page_of_more_texts_than_values_is_no_reason_to_make_room_for_them() {
    // A header of lengths: blocks of 128 in 4 parts, then the number of integers.
    let header = [0x80, 0x01, 0x04, 5];
    for (encoding, headers) in [(Encoding::DELTA_LENGTH_BYTE_ARRAY, 1), (Encoding::DELTA_BYTE_ARRAY, 2)] {
        let file = delta_texts(encoding);
        assert_eq!(rows(&file).unwrap().len(), 5);
        let found: Vec<usize> = (0..file.len()).filter(|at| file[*at..].starts_with(&header)).collect();
        assert_eq!(found.len(), headers, "{encoding}");
        check_all(found, |at| {
            let mut changed = file.clone();
            changed[at + 3] = 127;
            let said = rows(&changed).unwrap_err().to_string();
            assert!(said.contains("a page of 5 values says that it holds 127 texts"), "{encoding}: {said}");
        });
    }
}

/// Valid files of every type, nesting, and encoding.
fn sound_files() -> Vec<Vec<u8>> {
    let dates = || Values::Int32(vec![0, 1, 19_000, i32::MAX, -1]);
    let texts = || Values::Texts(vec![b"one", b"two two two", b"", b"\xff\xfe", b"one"]);
    let five = |level: i16| Some(vec![level; 5]);
    let cases: Vec<(&str, Vec<Levelled>)> = vec![
        (
            "optional int32 a (DATE); required binary b (UTF8);",
            vec![(Values::Int32(vec![0, i32::MAX]), Some(vec![1, 0, 0, 1, 0]), None), (texts(), None, None)],
        ),
        ("required int64 a (TIMESTAMP_MICROS);", vec![(Values::Int64(vec![0, i64::MAX, i64::MIN, 5, 7]), None, None)]),
        ("required int96 a;", vec![(Values::Int96(vec![(0, 0), (1, 1), (1 << 30, 0), (2, 2), (3, 3)]), None, None)]),
        ("required binary a (DECIMAL(20,4));", vec![(texts(), None, None)]),
        (
            "optional group l (LIST) { repeated group list { optional int32 element (DATE); } }",
            vec![(dates(), five(3), Some(vec![0, 1, 0, 1, 0]))],
        ),
        (
            "required group m (MAP) { repeated group key_value { required binary key (UTF8); optional int32 value (DATE); } }",
            vec![(texts(), five(1), Some(vec![0, 1, 0, 1, 0])), (dates(), five(2), Some(vec![0, 1, 0, 1, 0]))],
        ),
        ("repeated group r { required int32 a (DATE); }", vec![(dates(), five(1), Some(vec![0, 1, 0, 1, 0]))]),
    ];
    let compressions = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::BROTLI(BrotliLevel::default())];
    let all = cases.iter().flat_map(|case| compressions.map(|compression| (case, compression)));
    let typed = all.map(|((schema, columns), compression)| file_of(schema, columns, compression));
    typed.chain([Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY].map(delta_texts)).collect()
}

#[test]
fn typed_files_with_bytes_changed_end_in_rows_or_an_error() {
    let rounds = std::env::var("HIVE_STRESS_PARQUET").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_u64);
    let seed = std::env::var("HIVE_STRESS_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1_u64);
    // A deterministic generator.
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let sound = sound_files();
    for file in &sound {
        assert!(!rows(file).unwrap().is_empty());
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let mut read = 0_u64;
    for _ in 0..rounds {
        let mut bytes = sound[next(sound.len())].clone();
        for _ in 0..1 + next(6) {
            let at = next(bytes.len());
            bytes[at] = match next(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ 1 << next(8),
                _ => next(256) as u8,
            };
        }
        std::fs::write(&path, &bytes).unwrap();
        let Ok(mut reader) = Parquet::open(&path) else { continue };
        // A row group may declare more rows than there are.
        for _ in 0..10_000 {
            let Ok(Some(row)) = reader.next_row() else { break };
            let columns = row.columns.unwrap();
            let names: Vec<String> = columns.names().map(str::to_owned).collect();
            read += names.iter().filter(|name| columns.get(name).is_ok()).count() as u64;
        }
    }
    assert!(read > rounds / 4, "some are still read: {read} values in {rounds} files");
}
