//! The package as a file: a gzip-compressed flat tar. Writing is reproducible: the same files give the same
//! bytes on any machine. Reading treats the archive as untrusted. The meaning of the files is not known here.
//!
//! Reading writes into one folder only, and accepts plain files with known names, in ascending order, each
//! within its size limit, and nothing after the end. Memory use does not depend on what headers claim.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use hive_files::{PARTIAL_PREFIX, hex};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use super::error::{PackageError, Result};
use super::integrity::FileDigest;
use super::layout::{MAX_BYTES, MAX_FILES, is_plain, limit};

/// The source of a file for a package.
#[derive(Debug, Clone)]
pub enum Source {
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// A file on disk.
    File(PathBuf),
}

/// Sources by file name.
pub type Sources = BTreeMap<String, Source>;

/// gzip's compression level. Weights hardly compress better at higher levels.
const LEVEL: u32 = 6;

/// Limit on the zeros after the last file: a tar ends with two blocks, and tools pad it to 20.
const PADDING: u64 = 64 << 10;

/// Writes the package atomically: to a temporary file, then renamed to `path`.
///
/// # Errors
/// When a file cannot be read or the package cannot be written.
pub fn write(path: &Path, files: &Sources) -> Result<()> {
    let fault = |e| PackageError::io("write", path, e);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| PackageError::io("create", folder, e))?;
    let temporary = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(folder).map_err(fault)?;
    // `GzEncoder` writes neither a name nor a time into gzip's header.
    let packed = GzEncoder::new(BufWriter::new(temporary), Compression::new(LEVEL));
    let mut tar = Builder::new(packed);
    for (name, source) in files {
        match source {
            Source::Bytes(bytes) => {
                tar.append(&header(name, bytes.len() as u64).map_err(fault)?, bytes.as_slice()).map_err(fault)?;
            }
            Source::File(from) => {
                let fault = |e| PackageError::io("read", from, e);
                let file = File::open(from).map_err(fault)?;
                let size = file.metadata().map_err(fault)?.len();
                let header = header(name, size).map_err(fault)?;
                // The size in the header is final: a file that grows meanwhile is cut, one that shrinks is an error.
                let copied = tar.append(&header, BufReader::new(file).take(size));
                copied.map_err(|e| PackageError::io("write", path, e))?;
            }
        }
    }
    let packed = tar.into_inner().map_err(fault)?;
    let temporary = packed.finish().and_then(|out| out.into_inner().map_err(io::Error::from)).map_err(fault)?;
    temporary.as_file().sync_all().map_err(fault)?;
    // Temporary files are private, but packages are to be shared.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        temporary.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(fault)?;
    }
    temporary.persist(path).map_err(|e| fault(e.error))?;
    Ok(())
}

/// A header that depends only on name and size.
fn header(name: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    Ok(header)
}

/// What to do with a file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Take {
    /// Unpack it if it has at most this many bytes.
    UpTo(u64),
    /// Skip it.
    Not,
    /// Reject the whole archive, for this reason.
    Never(String),
}

/// What an archive may contain.
pub(super) struct Rules<'r> {
    /// Whether to accept only files with plain names in ascending order, as `write` makes them. Otherwise entries that
    /// are not plain files are skipped.
    pub(super) strict: bool,
    /// What to do with the file of this name.
    pub(super) take: &'r dyn Fn(&str) -> Take,
}

/// The content of an archive.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    /// The files that were unpacked.
    pub(super) files: BTreeMap<String, FileDigest>,
    /// Names of the entries that were skipped.
    pub(super) passed: Vec<String>,
}

/// Unpacks `path` into the empty folder `into`, and returns the digests of its files.
///
/// # Errors
/// When it is not a package, or exceeds a limit. Files that were unpacked before the fault remain in `into`.
pub fn unpack(path: &Path, into: &Path) -> Result<BTreeMap<String, FileDigest>> {
    unpack_file(open(path)?, path, into)
}

/// As [`unpack`], for an open file, which is read from its start; `path` is its name in messages.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_file(file: File, path: &Path, into: &Path) -> Result<BTreeMap<String, FileDigest>> {
    let take =
        |name: &str| limit(name).map_or_else(|| Take::Never(format!("`{name}` is no file of a package")), Take::UpTo);
    Ok(unpack_by(file, path, into, &Rules { strict: true, take: &take })?.files)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| PackageError::io("open", path, e))
}

/// As [`unpack`], with other rules.
///
/// # Errors
/// As [`unpack`].
pub(super) fn unpack_with(path: &Path, into: &Path, rules: &Rules<'_>) -> Result<Unpacked> {
    unpack_by(open(path)?, path, into, rules)
}

/// What a gzip file begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn unpack_by(mut file: File, path: &Path, into: &Path, rules: &Rules<'_>) -> Result<Unpacked> {
    let fault = |problem: String| PackageError::Archive { package: shown(path), problem };
    let read = |e| PackageError::io("read", path, e);
    file.rewind().map_err(read)?;
    let mut first = [0; GZIP.len()];
    let length = file.read(&mut first).map_err(read)?;
    if first[..length] != GZIP[..length] {
        return Err(fault("it is not compressed with gzip; `hive expert package` makes packages".to_owned()));
    }
    file.rewind().map_err(read)?;
    let mut packed = GzDecoder::new(BufReader::new(file));
    let mut found = Unpacked::default();
    let (mut total, mut entries) = (0, 0);
    {
        let mut tar = Archive::new(&mut packed);
        let all = tar.entries().map_err(|e| fault(damaged(&e)))?;
        // Raw, so that the format's extensions (long names, sparse files) are entries of their own type.
        for entry in all.raw(true) {
            let mut entry = entry.map_err(|e| fault(damaged(&e)))?;
            let header = entry.header();
            let name: String = String::from_utf8_lossy(&header.path_bytes()).chars().take(200).collect();
            // Tools that pack a folder prefix names with `./`.
            let name = if rules.strict { name } else { name.trim_start_matches("./").to_owned() };
            let size = header.size().map_err(|e| fault(damaged(&e)))?;
            entries += 1;
            total += size;
            if entries > MAX_FILES {
                return Err(fault(format!("it holds more than {MAX_FILES} files")));
            }
            if total > MAX_BYTES {
                return Err(fault(format!("it holds more than {MAX_BYTES} bytes")));
            }
            let unusual = match header.entry_type() {
                _ if !is_plain(&name) => Some("no plain file name".to_owned()),
                EntryType::Regular => None,
                other => Some(format!("no plain file (tar type {other:?})")),
            };
            if let Some(unusual) = unusual {
                if rules.strict {
                    return Err(fault(format!("`{}` is {unusual}", name.escape_debug())));
                }
                found.passed.push(name);
                continue;
            }
            if found.files.contains_key(&name) {
                return Err(fault(format!("`{name}` occurs twice")));
            }
            if rules.strict && found.files.last_key_value().is_some_and(|(last, _)| *last > name) {
                return Err(fault(format!("`{name}` is out of order, expected names in ascending order")));
            }
            match (rules.take)(&name) {
                Take::Never(why) if rules.strict => return Err(fault(why)),
                // The archive is well-formed, but contains what is not allowed.
                Take::Never(why) => return Err(PackageError::Faulty { package: shown(path), problems: vec![why] }),
                Take::UpTo(limit) if size > limit => {
                    return Err(fault(format!("`{name}` has {size} bytes, expected at most {limit}")));
                }
                Take::UpTo(_) => {}
                Take::Not => {
                    found.passed.push(name);
                    continue;
                }
            }
            let target = into.join(&name);
            let digest = copy(&mut entry, &target, size).map_err(|e| match e {
                Copy::Read(e) => fault(format!("`{name}`: {}", damaged(&e))),
                Copy::Short(got) => fault(format!("`{name}` ends after {got} bytes, expected {size}")),
                Copy::Write(e) => PackageError::io("write", &target, e),
            })?;
            found.files.insert(name, digest);
        }
    }
    check_end(&mut packed).map_err(fault)?;
    let mut rest = packed.into_inner();
    let mut byte = [0];
    match rest.read(&mut byte) {
        Ok(0) => Ok(found),
        Ok(_) => Err(fault("something follows behind its end".to_owned())),
        Err(e) => Err(PackageError::io("read", path, e)),
    }
}

/// Reads to the end, where gzip's checksum is verified. Only zeros may follow.
fn check_end(packed: &mut impl Read) -> std::result::Result<(), String> {
    let mut buffer = [0; 4096];
    let mut padding = 0;
    loop {
        let n = packed.read(&mut buffer).map_err(|e| damaged(&e))?;
        if n == 0 {
            return Ok(());
        }
        padding += n as u64;
        if padding > PADDING || buffer[..n].iter().any(|b| *b != 0) {
            return Err("something follows behind its last file".to_owned());
        }
    }
}

enum Copy {
    Read(io::Error),
    Short(u64),
    Write(io::Error),
}

/// Copies exactly `size` bytes into a new file.
fn copy(from: &mut impl Read, to: &Path, size: u64) -> std::result::Result<FileDigest, Copy> {
    let mut out = File::create_new(to).map_err(Copy::Write)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 64 << 10];
    let mut have = 0;
    while have < size {
        let want = buffer.len().min(usize::try_from(size - have).unwrap_or(usize::MAX));
        let n = from.read(&mut buffer[..want]).map_err(Copy::Read)?;
        if n == 0 {
            return Err(Copy::Short(have));
        }
        hash.update(&buffer[..n]);
        out.write_all(&buffer[..n]).map_err(Copy::Write)?;
        have += n as u64;
    }
    out.sync_all().map_err(Copy::Write)?;
    Ok(FileDigest { size, sha256: hex(&hash.finalize()) })
}

/// The message for an error while reading: the file is truncated or damaged.
fn damaged(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is truncated".to_owned(),
        _ => format!("it is damaged ({error})"),
    }
}

/// A package's name in messages.
pub(super) fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn sources(files: &[(&str, &[u8])]) -> Sources {
        files.iter().map(|(name, bytes)| ((*name).to_owned(), Source::Bytes(bytes.to_vec()))).collect()
    }

    /// A gzip of these entries, however odd.
    fn odd(entries: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, kind, bytes) in entries {
            let mut header = Header::new_ustar();
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_cksum();
            tar.extend_from_slice(header.as_bytes());
            tar.extend_from_slice(bytes);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.resize(tar.len() + 1024, 0);
        gzip(&tar)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    /// Unpacks these bytes; the names of the files that came out, or why none did.
    fn unpacked(bytes: &[u8]) -> std::result::Result<Vec<String>, String> {
        contents(bytes).map(|files| files.into_keys().collect())
    }

    /// Unpacks these bytes; what came out, or why nothing did.
    fn contents(bytes: &[u8]) -> std::result::Result<BTreeMap<String, Vec<u8>>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.expert");
        std::fs::write(&path, bytes).unwrap();
        let into = dir.path().join("into");
        std::fs::create_dir(&into).unwrap();
        let read = |name: String| (name.clone(), std::fs::read(into.join(name)).unwrap());
        let done = unpack(&path, &into).map(|found| found.into_keys().map(read).collect()).map_err(|e| e.to_string());
        // Whatever happened, nothing may have been written beside the folder.
        let mut beside: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        beside.sort();
        assert_eq!(beside, ["into", "p.expert"]);
        done
    }

    #[test]
    fn what_is_packed_comes_out_and_is_the_same_bytes_every_time() {
        let dir = tempfile::tempdir().unwrap();
        let big = dir.path().join("weights");
        std::fs::write(&big, vec![7u8; 300_000]).unwrap();
        let mut files = sources(&[("README.md", b"read me"), ("LICENSE", b"")]);
        files.insert("adapter_model.safetensors".to_owned(), Source::File(big));
        let (one, two) = (dir.path().join("a/one.expert"), dir.path().join("b/two.expert"));
        write(&one, &files).unwrap();
        write(&two, &files).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let into = dir.path().join("into");
        std::fs::create_dir(&into).unwrap();
        let found = unpack(&one, &into).unwrap();
        assert_eq!(
            found.keys().map(String::as_str).collect::<Vec<_>>(),
            ["LICENSE", "README.md", "adapter_model.safetensors"]
        );
        assert_eq!(std::fs::read(into.join("README.md")).unwrap(), b"read me");
        assert_eq!(found["adapter_model.safetensors"].size, 300_000);
        assert_eq!(found["README.md"].sha256, hex(&Sha256::digest(b"read me")));
    }

    #[test]
    fn only_plain_files_with_known_names_in_order_come_out() {
        let file = EntryType::Regular;
        assert_eq!(unpacked(&odd(&[(b"LICENSE", file, b"x"), (b"README.md", file, b"y")])).unwrap().len(), 2);
        let long = [b'x'; 99];
        check_all(
            [
                (vec![(&b"../LICENSE"[..], file, &b"x"[..])], "`../LICENSE` is no plain file name"),
                (vec![(b"/etc/passwd", file, b"x")], "is no plain file name"),
                (vec![(b"a/LICENSE", file, b"x")], "is no plain file name"),
                (vec![(b"LICENSE", EntryType::Symlink, b"")], "`LICENSE` is no plain file (tar type Symlink)"),
                (vec![(b"LICENSE", EntryType::Link, b"")], "is no plain file (tar type Link)"),
                (vec![(b"LICENSE", EntryType::Directory, b"")], "is no plain file (tar type Directory)"),
                (vec![(b"LICENSE", EntryType::Fifo, b"")], "is no plain file"),
                (vec![(b"LICENSE", EntryType::GNUSparse, b"")], "it is damaged (sparse header"),
                (vec![(b"LICENSE", EntryType::GNULongName, b"README.md")], "is no plain file"),
                (vec![(b"LICENSE", EntryType::XHeader, b"20 path=README.md\n")], "is no plain file"),
                (vec![(b"LICENSE", file, b"x"), (b"LICENSE", file, b"y")], "`LICENSE` occurs twice"),
                (vec![(b"README.md", file, b"x"), (b"LICENSE", file, b"y")], "`LICENSE` is out of order"),
                (vec![(b"adapter_model.bin", file, b"x")], "`adapter_model.bin` is no file of a package"),
                (vec![(&long, file, b"x")], "is no file of a package"),
                (vec![(b"signature.json", file, &[b' '; 65_537])], "has 65537 bytes, expected at most 65536"),
                (vec![(b"\xff\xfe", file, b"x")], "is no plain file name"),
            ],
            |(entries, expected)| {
                let error = unpacked(&odd(&entries)).unwrap_err();
                assert!(error.contains(expected), "{expected}: {error}");
            },
        );
    }

    #[test]
    fn a_package_that_is_cut_anywhere_or_goes_on_is_refused() {
        let whole = odd(&[(b"LICENSE", EntryType::Regular, b"some text"), (b"README.md", EntryType::Regular, b"more")]);
        assert!(unpacked(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(unpacked(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(unpacked(&longer).unwrap_err().contains("behind its end"));
        longer.pop();
        longer.extend_from_slice(&whole);
        assert!(unpacked(&longer).unwrap_err().contains("behind its end"));
        assert!(unpacked(b"not a package").unwrap_err().contains("it is not compressed with gzip"));
        assert!(unpacked(b"\x1f\x8bnot a package").unwrap_err().contains("it is damaged"));
        assert!(unpacked(b"").is_err());
    }

    #[test]
    fn a_flipped_bit_is_seen_or_changes_nothing() {
        let whole = odd(&[(b"LICENSE", EntryType::Regular, b"some text that is long enough to be packed, packed")]);
        let right = contents(&whole).unwrap();
        let mut refused = 0;
        for at in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            // Some bits mean nothing: gzip's time, or from which of many zeros zeros are copied.
            match contents(&flipped) {
                Ok(files) => assert_eq!(files, right, "bit {at}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > whole.len() * 6, "{refused}");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        // A header that announces a gigabyte for a file that may have 64 KiB, and a megabyte of zeros
        // behind the end of the tar.
        let mut header = Header::new_ustar();
        header.set_path("signature.json").unwrap();
        header.set_size(1 << 30);
        header.set_cksum();
        let error = unpacked(&gzip(header.as_bytes())).unwrap_err();
        assert!(error.contains("has 1073741824 bytes"), "{error}");
        let mut header = Header::new_ustar();
        header.set_path("README.md").unwrap();
        header.set_size(0);
        header.set_cksum();
        let mut tar = header.as_bytes().to_vec();
        tar.resize(1 << 20, 0);
        assert!(unpacked(&gzip(&tar)).unwrap_err().contains("behind its last file"));
    }
}
