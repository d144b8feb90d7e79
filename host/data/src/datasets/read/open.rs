//! Opens a path: the data files in a folder, the format of a file by its first bytes and its name,
//! and decompression. Reads no rows.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use hive_files::refuse_lfs_pointer;
use lzma_rust2::XzReader;

use super::Rows;
use super::array::Array;
use super::csv::{self, Csv};
use super::lines::Lines;
use super::parquet::Parquet;
use crate::datasets::error::DatasetError;

const BUFFER: usize = 1 << 20;

/// File extensions of data, in a folder.
const ENDINGS: [&str; 6] = ["parquet", "jsonl", "ndjson", "json", "csv", "tsv"];

/// File extensions of compressed files.
const PACKED: [&str; 4] = [".gz", ".zst", ".xz", ".zstd"];

/// Signatures of other kinds of files, their names, and how to convert them.
const OTHER_KINDS: [(&[u8], &str, &str); 6] = [
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet", "unpack it, or save it as CSV"),
    (b"BZh", "packed with bzip2", "`bunzip2` unpacks it"),
    (b"ARROW1", "an Arrow file", "save it as Parquet"),
    (b"SQLite format 3\0", "a SQLite database", "save the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "save it as Parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save it as CSV"),
];

/// An opened file.
pub type Opened = Box<dyn Rows>;

/// The data files at `path`: itself, or those in a folder and its subfolders, sorted by name.
///
/// # Errors
/// When it cannot be read, or is a folder without data files.
pub fn data_files(path: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let failed = |source| DatasetError::Read { file: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            let name = entry.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
            if name.starts_with('.') {
                continue;
            }
            if entry.is_dir() {
                folders.push(entry);
            } else if ENDINGS.contains(&ending(&name)) {
                files.push(entry);
            }
        }
    }
    files.sort();
    if files.is_empty() {
        let expected = ENDINGS.map(|e| format!("`.{e}`")).join(", ");
        let what = format!("the folder holds no data file, expected names that end in {expected}");
        return Err(DatasetError::Damaged { file: path.to_owned(), what });
    }
    Ok(files)
}

/// The extension of the format, without that of the compression: `jsonl` for `a.jsonl.gz`.
pub(in crate::datasets) fn ending(name: &str) -> &str {
    let bare = PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    bare.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Opens one file.
///
/// # Errors
/// When it cannot be read, or has an unknown format.
pub fn open(path: &Path) -> Result<Opened, DatasetError> {
    let failed = |source| DatasetError::Read { file: path.to_owned(), source };
    let mut plain = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
    let first = plain.fill_buf().map_err(failed)?;
    if refuse_lfs_pointer(path, first).is_err() {
        return Err(DatasetError::LfsPointer { file: path.to_owned() });
    }
    if first.starts_with(b"PAR1") {
        return Ok(Box::new(Parquet::open(path)?));
    }
    let reader: Box<dyn BufRead + Send> = if first.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(plain)))
    } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::with_buffer(plain).map_err(failed)?))
    } else if first.starts_with(b"\xfd7zXZ\0") {
        Box::new(BufReader::with_capacity(BUFFER, XzReader::new(plain, true)))
    } else {
        Box::new(plain)
    };
    text(path, reader)
}

/// A read error: for compressed files it means that the file is truncated or damaged.
pub(super) fn read_failed(file: &Path, source: std::io::Error) -> DatasetError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    let file = file.to_owned();
    match source.kind() {
        UnexpectedEof | InvalidData | InvalidInput | Other if source.raw_os_error().is_none() => {
            DatasetError::Damaged { file, what: format!("it cannot be unpacked: {source}") }
        }
        _ => DatasetError::Read { file, source },
    }
}

/// Opens a decompressed text format, by its first character and its name.
fn text(path: &Path, mut reader: Box<dyn BufRead + Send>) -> Result<Opened, DatasetError> {
    let damaged = |problem: String| DatasetError::Damaged { file: path.to_owned(), what: problem };
    // Enough for blanks and a byte-order mark before the first character; put back afterwards.
    let mut head = Vec::new();
    reader.by_ref().take(4096).read_to_end(&mut head).map_err(|source| read_failed(path, source))?;
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(damaged("its text is UTF-16, expected UTF-8".to_owned()));
    }
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let first = bare.iter().find(|b| !b.is_ascii_whitespace()).copied();
    let is_parquet = head.starts_with(b"PAR1");
    let is_binary = bare.iter().take(1024).any(|b| *b == 0);
    let is_table = bare.split(|b| *b == b'\n').next().is_some_and(csv::is_header);
    if let Some((_, what, instead)) = OTHER_KINDS.iter().find(|(begin, ..)| head.starts_with(begin)) {
        return Err(damaged(format!("it is {what}: {instead}")));
    }
    let reader: Box<dyn BufRead + Send> = Box::new(std::io::Cursor::new(head).chain(reader));
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    match (ending(&name), first) {
        _ if is_parquet => Err(damaged(
            "got a compressed Parquet file, expected it uncompressed: Parquet compresses its own pages".into(),
        )),
        ("csv" | "tsv", _) => Ok(Box::new(Csv::new(path, reader)?)),
        ("parquet", _) => Err(damaged("got no Parquet file: it does not begin with `PAR1`".to_owned())),
        ("jsonl" | "ndjson", _) | (_, Some(b'{') | None) => Ok(Box::new(Lines::new(path, reader))),
        (_, Some(b'[')) => Ok(Box::new(Array::new(path, reader))),
        (_, Some(_)) if is_binary => Err(damaged("got a binary file of an unknown kind".to_owned())),
        (_, Some(_)) if is_table => Ok(Box::new(Csv::new(path, reader)?)),
        (_, Some(other)) => {
            let what = format!(
                "its kind is not clear: it begins with `{}`, expected `{{`, `[` or a name that ends in `.csv`",
                char::from(other).escape_default()
            );
            Err(damaged(what))
        }
    }
}
