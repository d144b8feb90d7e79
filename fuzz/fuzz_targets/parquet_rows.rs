//! A Parquet file, read row by row as a data set. An even first byte: the bytes behind it as they
//! are. An odd one: a sound file with typed columns whose types and values the bytes decide, in which
//! the last of them then change some bytes.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, Int96};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Columns with every type that means something, and every nesting.
const COLUMNS: [&str; 24] = [
    "optional int32 a (DATE);",
    "required int64 a (TIMESTAMP_MILLIS);",
    "optional int64 a (TIMESTAMP_MICROS);",
    "optional int64 a (TIMESTAMP(NANOS,true));",
    "optional int96 a;",
    "required int32 a (TIME_MILLIS);",
    "optional int64 a (TIME_MICROS);",
    "optional int64 a (TIME(NANOS,false));",
    "optional int32 a (DECIMAL(9,3));",
    "optional int64 a (DECIMAL(18,18));",
    "optional fixed_len_byte_array(7) a (DECIMAL(16,2));",
    "optional binary a (DECIMAL(30,10));",
    "optional fixed_len_byte_array(16) a (UUID);",
    "optional fixed_len_byte_array(12) a (INTERVAL);",
    "required int32 a (UINT_8);",
    "optional int64 a (UINT_64);",
    "optional binary a (UTF8);",
    "required binary a;",
    "optional float a;",
    "optional double a;",
    "optional boolean a;",
    "optional group a (LIST) { repeated group list { optional int32 element (DATE); } }",
    "optional group a (MAP) { repeated group key_value { required binary key (UTF8); optional int64 value (TIMESTAMP_MILLIS); } }",
    "repeated group a { required int32 b (DATE); repeated binary c (UTF8); }",
];

const COMPRESSIONS: [fn() -> Compression; 6] = [
    || Compression::UNCOMPRESSED,
    || Compression::SNAPPY,
    || Compression::LZ4_RAW,
    || Compression::ZSTD(ZstdLevel::default()),
    || Compression::GZIP(GzipLevel::default()),
    || Compression::BROTLI(BrotliLevel::default()),
];

/// Rows of a file that is made; values of one that is read.
const ROWS: usize = 5;
const MOST_ROWS: usize = 20_000;

/// Takes from the front; zeros when nothing is left.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.byte()).collect()
    }

    fn long(&mut self) -> i64 {
        // Mostly few significant bytes, sometimes all of them.
        let n = usize::from(self.byte() % 9);
        let mut all = self.take(n);
        all.resize(8, if all.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 });
        i64::from_le_bytes(all.try_into().expect("eight bytes"))
    }
}

fn file(bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    let count = 1 + usize::from(bytes.byte() % 3);
    let columns: Vec<String> = (0..count)
        .map(|i| COLUMNS[usize::from(bytes.byte()) % COLUMNS.len()].replacen(" a", &format!(" column{i}"), 1))
        .collect();
    let schema = parse_message_type(&format!("message m {{ {} }}", columns.join(" "))).ok()?;
    let compression = COMPRESSIONS[usize::from(bytes.byte()) % COMPRESSIONS.len()]();
    let choices = bytes.byte();
    let version = if choices & 1 == 0 { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 };
    let mut properties = WriterProperties::builder().set_compression(compression).set_writer_version(version);
    properties = properties.set_dictionary_enabled(choices & 2 == 0);
    if choices & 6 == 6 {
        properties = properties.set_encoding(Encoding::PLAIN);
    }
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, Arc::new(schema), Arc::new(properties.build())).ok()?;
    let mut group = writer.next_row_group().ok()?;
    while let Some(mut column) = group.next_column().ok()? {
        let (def, rep) = levels(column.untyped(), bytes);
        let values = |most: i16| def.iter().filter(|level| **level == most).count();
        let (defs, reps) = (Some(&def[..]), Some(&rep[..]));
        macro_rules! write {
            ($writer:expr, $value:expr) => {{
                let n = values($writer.get_descriptor().max_def_level());
                let all: Vec<_> = (0..n).map(|_| $value).collect();
                $writer.write_batch(&all, defs, reps).ok()?
            }};
        }
        match column.untyped() {
            ColumnWriter::BoolColumnWriter(w) => write!(w, bytes.byte() & 1 == 1),
            ColumnWriter::Int32ColumnWriter(w) => write!(w, bytes.long() as i32),
            ColumnWriter::Int64ColumnWriter(w) => write!(w, bytes.long()),
            ColumnWriter::Int96ColumnWriter(w) => write!(w, {
                let mut value = Int96::new();
                value.set_data(bytes.long() as u32, bytes.long() as u32, bytes.long() as u32);
                value
            }),
            ColumnWriter::FloatColumnWriter(w) => write!(w, f32::from_bits(bytes.long() as u32)),
            ColumnWriter::DoubleColumnWriter(w) => write!(w, f64::from_bits(bytes.long() as u64)),
            ColumnWriter::ByteArrayColumnWriter(w) => write!(w, {
                let n = usize::from(bytes.byte() % 80);
                ByteArray::from(bytes.take(n))
            }),
            ColumnWriter::FixedLenByteArrayColumnWriter(w) => write!(w, {
                let n = w.get_descriptor().type_length().max(0) as usize;
                ByteArray::from(bytes.take(n)).into()
            }),
        };
        column.close().ok()?;
    }
    group.close().ok()?;
    writer.close().ok()?;
    Some(out)
}

/// Definition and repetition levels of so many rows.
fn levels(column: &ColumnWriter<'_>, bytes: &mut Bytes<'_>) -> (Vec<i16>, Vec<i16>) {
    macro_rules! most {
        ($($kind:ident),*) => {
            match column {
                $(ColumnWriter::$kind(w) => (w.get_descriptor().max_def_level(), w.get_descriptor().max_rep_level()),)*
            }
        };
    }
    let (most_def, most_rep) = most!(
        BoolColumnWriter,
        Int32ColumnWriter,
        Int64ColumnWriter,
        Int96ColumnWriter,
        FloatColumnWriter,
        DoubleColumnWriter,
        ByteArrayColumnWriter,
        FixedLenByteArrayColumnWriter
    );
    let mut levels = (Vec::new(), Vec::new());
    for _ in 0..ROWS {
        let elements = if most_rep > 0 { 1 + bytes.byte() % 3 } else { 1 };
        for element in 0..elements {
            levels.0.push(if most_def > 0 { i16::from(bytes.byte()) % (most_def + 1) } else { 0 });
            levels.1.push(if element == 0 { 0 } else { most_rep });
        }
    }
    levels
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let bytes = if first & 1 == 0 {
        rest.to_vec()
    } else {
        let mut bytes = Bytes(rest);
        let Some(mut file) = file(&mut bytes) else { return };
        while !bytes.0.is_empty() {
            let at = usize::from(bytes.byte()) << 8 | usize::from(bytes.byte());
            let at = at % file.len();
            file[at] ^= bytes.byte();
        }
        file
    };
    let dir = tempfile::tempdir().expect("a folder can be made");
    let path = dir.path().join("rows.parquet");
    std::fs::write(&path, bytes).expect("a file can be written");
    let Ok(mut rows) = hive_data::datasets::open(&path) else { return };
    for _ in 0..MOST_ROWS {
        let Ok(Some(row)) = rows.next_row() else { return };
        if let Ok(columns) = row.columns {
            for name in columns.names().map(str::to_owned).collect::<Vec<_>>() {
                let _ = columns.get(&name);
            }
        }
    }
});
