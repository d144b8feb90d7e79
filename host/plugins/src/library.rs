//! An expert's library and its function table, in the process that calls it. The checks run in this order for
//! safety: digest, kind of file, ABI version, and only then the table; nothing in the library is
//! called before all of them have passed.
//!
//! A library is never unloaded: its threads, statics and buffers may outlive any owner on our side.

use std::mem::{ManuallyDrop, align_of, offset_of, size_of};
use std::path::Path;

use hive_files::{FileError, KnownDigests, sha256_of_file};
use hive_sdk::abi::{ABI_SYMBOL, ABI_VERSION, ExpertTable, OLDEST_ABI, TABLE_SYMBOL};
use libloading::Library;

use super::error::LoadFault;
use super::format::Format;
use super::record::LibraryRecord;
use super::transport::Table;

/// Loads and checks the library's table.
pub(super) fn load_table(library: &Path, record: &Path, known: Option<&KnownDigests>) -> Result<Table, LoadFault> {
    let table = checked_table(library, record, known)?;
    // SAFETY: the ABI number says that the table keeps this contract, and `open` leaks the library.
    Ok(unsafe { Table::new(table) })
}

fn checked_table(
    library: &Path,
    record: &Path,
    known: Option<&KnownDigests>,
) -> Result<&'static ExpertTable, LoadFault> {
    if !library.is_file() {
        return Err(LoadFault::Missing);
    }
    let expected = LibraryRecord::read(record)
        .map_err(|e| LoadFault::NotRecorded { path: record.to_owned(), why: plain(&e) })?
        .sha256;
    let got = known.map_or_else(|| sha256_of_file(library), |known| known.sha256_of_file(library));
    let got = got.map_err(|error| match error {
        FileError::Io { source, .. } => LoadFault::Unreadable(source),
        other => LoadFault::Unreadable(std::io::Error::other(other)),
    })?;
    if got != expected {
        return Err(LoadFault::Sha256 { got, expected });
    }
    if let Some((got, expected)) = Format::of(library).map_err(LoadFault::Unreadable)?.fault() {
        return Err(LoadFault::Format { got, expected });
    }
    let opened = open(library)?;
    let abi = symbol::<u32>(&opened, ABI_SYMBOL, "HIVE_EXPERT_ABI")?;
    // SAFETY: the symbol is not null and aligned (checked by `symbol`); it is a plain u32 by the
    // contract, and any library exports at least one word at a data symbol.
    let abi = unsafe { abi.read() };
    if !(OLDEST_ABI..=ABI_VERSION).contains(&abi) {
        return Err(LoadFault::Abi { got: abi });
    }
    let table = symbol::<ExpertTable>(&opened, TABLE_SYMBOL, "HIVE_EXPERT_TABLE")?;
    check_table(table)
}

/// Opens the library permanently.
fn open(path: &Path) -> Result<ManuallyDrop<Library>, LoadFault> {
    #[cfg(unix)]
    // SAFETY: opening runs the library's initialisers. It is the expert that the user named, and
    // its digest matches the one recorded when it was built or installed.
    let opened = unsafe {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // NOW: an unresolved symbol is an error here, not a crash later. LOCAL: two experts may
        // bring different versions of the same C library.
        Library::open(Some(path), RTLD_NOW | RTLD_LOCAL).map(libloading::Library::from)
    };
    #[cfg(not(unix))]
    // SAFETY: as above.
    let opened = unsafe { Library::new(path) };
    opened.map(ManuallyDrop::new).map_err(|e| LoadFault::Open(e.to_string()))
}

/// Address of an exported static.
fn symbol<T>(library: &Library, name: &[u8], shown: &'static str) -> Result<*const T, LoadFault> {
    // SAFETY: only the address is taken, as a raw pointer; reading it is up to the caller.
    let address =
        unsafe { library.get::<*const T>(name) }.map(|s| *s).map_err(|_| LoadFault::NoSymbol(shown.to_owned()))?;
    if address.is_null() {
        return Err(LoadFault::NoSymbol(shown.to_owned()));
    }
    if !address.addr().is_multiple_of(align_of::<T>()) {
        return Err(LoadFault::Table(format!("is misaligned: `{shown}` lies at {address:p}")));
    }
    Ok(address)
}

/// Checks the table field by field before a reference to it is created: a null function pointer
/// must never become a Rust `fn`.
fn check_table(table: *const ExpertTable) -> Result<&'static ExpertTable, LoadFault> {
    // SAFETY: not null and aligned; the table starts with its own size by the contract.
    let size = unsafe { table.cast::<usize>().read() };
    if size < size_of::<ExpertTable>() {
        let expected = size_of::<ExpertTable>();
        return Err(LoadFault::Table(format!("has {size} bytes, expected at least {expected}")));
    }
    for (function, offset) in [("call", offset_of!(ExpertTable, call)), ("free", offset_of!(ExpertTable, free))] {
        // SAFETY: the offset is inside the table, which is at least that long (checked above).
        let address = unsafe { table.byte_add(offset).cast::<*const ()>().read() };
        if address.is_null() {
            return Err(LoadFault::Table(format!("has no `{function}`")));
        }
    }
    // SAFETY: aligned, long enough, its functions are not null, and its library is never unloaded.
    Ok(unsafe { &*table })
}

/// An I/O error without the operating system's error number, which differs between systems.
pub(super) fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}
