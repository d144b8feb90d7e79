//! A field that is entered as a file: its text, in any encoding that users commonly save, or what else the file is and
//! how to convert it.

use std::io::Read;
use std::path::Path;

use hive_sdk::manifest::FieldSpec;

use crate::error::{CommandResult, Failure};

/// Everything on stdin.
fn stdin_bytes() -> CommandResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|e| Failure::misuse("Failed to read stdin").source(e))?;
    Ok(bytes)
}

/// Everything on stdin, as text.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub(crate) fn stdin_text() -> CommandResult<String> {
    let text = String::from_utf8(stdin_bytes()?);
    text.map_err(|e| Failure::unacceptable("Stdin is not text in UTF-8").source(e).into())
}

/// The content of a file for this field, in any encoding that users commonly save; `-` is stdin.
///
/// # Errors
/// When it cannot be read, or is not text.
pub(crate) fn text_of(path: &Path, field: &FieldSpec) -> CommandResult<String> {
    let shown = path.display();
    if let Some((scheme, _)) = path.to_str().and_then(|p| p.split_once("://"))
        && !scheme.is_empty()
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    {
        let hint = match scheme {
            "http" | "https" => "fetch it first",
            _ => "write what is there to a file first",
        };
        return Err(Failure::misuse(format!("`{shown}` is an address, expected a file")).hint(hint).into());
    }
    let bytes = if path == Path::new("-") {
        stdin_bytes()?
    } else {
        std::fs::read(path).map_err(|e| hive_files::FileError::io("read", path, e))?
    };
    let not_text = |kind: &str, hint: String| {
        Failure::unacceptable(format!("`{shown}` is {kind}, expected text in UTF-8")).hint(hint)
    };
    hive_files::refuse_lfs_pointer(path, &bytes)?;
    if let Some(refuse) = field.refuse.iter().find(|refuse| bytes.starts_with(refuse.begins_with.as_bytes())) {
        return Err(not_text(&refuse.is, refuse.hint.replace("{file}", &shown.to_string())).into());
    }
    let converted = format!("{}.{}", field.name, field.file_extension());
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let hint = format!("`iconv -f UTF-16 -t UTF-8 {shown} > {converted}` converts it");
        return Err(not_text("UTF-16 text", hint).into());
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        let kind = format!("not UTF-8 in line {line}");
        not_text(&kind, format!("`iconv -f LATIN1 -t UTF-8 {shown} > {converted}` converts it, if it is Latin-1"))
    })?;
    let called = if path == Path::new("-") { "stdin".to_owned() } else { format!("`{shown}`") };
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(Failure::unacceptable(format!("{called} is empty, expected the field `{}`", field.name)).into());
    }
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        let problem = format!("{called} is no text: it has a zero byte in line {line}, expected text in UTF-8");
        return Err(Failure::unacceptable(problem).into());
    }
    // Some editors put a byte-order mark before UTF-8.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
