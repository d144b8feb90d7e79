//! The stop words of PostgreSQL's text search configurations: files of the server's that the embedded
//! PostgreSQL lacks. The lists are those of PostgreSQL 17, made by the Snowball project
//! (<https://snowballstem.org>, BSD licence); languages that are not here have none there either.

use std::io;
use std::path::Path;

/// Each language, as its file is called, with its words, a line each.
const LISTS: [(&str, &str); 15] = [
    ("danish", include_str!("stop_words/danish.stop")),
    ("dutch", include_str!("stop_words/dutch.stop")),
    ("english", include_str!("stop_words/english.stop")),
    ("finnish", include_str!("stop_words/finnish.stop")),
    ("french", include_str!("stop_words/french.stop")),
    ("german", include_str!("stop_words/german.stop")),
    ("hungarian", include_str!("stop_words/hungarian.stop")),
    ("italian", include_str!("stop_words/italian.stop")),
    ("nepali", include_str!("stop_words/nepali.stop")),
    ("norwegian", include_str!("stop_words/norwegian.stop")),
    ("portuguese", include_str!("stop_words/portuguese.stop")),
    ("russian", include_str!("stop_words/russian.stop")),
    ("spanish", include_str!("stop_words/spanish.stop")),
    ("swedish", include_str!("stop_words/swedish.stop")),
    ("turkish", include_str!("stop_words/turkish.stop")),
];

/// Writes the lists where the server whose files lie in `root` looks for them.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(root: &Path) -> io::Result<()> {
    let folder = root.join("share/postgresql/tsearch_data");
    std::fs::create_dir_all(&folder)?;
    LISTS.iter().try_for_each(|(language, words)| std::fs::write(folder.join(format!("{language}.stop")), words))
}
