//! Passes pages on to the crate, except those with a damaged header, or with one that would need
//! far more memory than their bytes can fill: the crate allocates as many values as a page
//! declares.

use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::RowGroupReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::headers::CheckedHeaders;

/// A row group whose pages are checked first.
pub(super) struct CheckedGroup<'a> {
    pub(super) group: Box<dyn RowGroupReader + 'a>,
    pub(super) file: Arc<CheckedHeaders>,
}

impl RowGroupReader for CheckedGroup<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.group.metadata()
    }

    fn num_columns(&self) -> usize {
        self.group.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Result<Box<dyn PageReader>> {
        let chunk = self.group.metadata().column(i);
        let column = chunk.column_descr();
        let levels = [column.max_rep_level(), column.max_def_level()].map(|most| most > 0);
        let rows = usize::try_from(self.group.metadata().num_rows())?;
        let pages = SerializedPageReader::new(Arc::clone(&self.file), chunk, rows, None)?;
        Ok(Box::new(CheckedPages { pages, levels }))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&parquet::bloom_filter::Sbbf> {
        self.group.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        self.group.get_row_iter(projection)
    }
}

/// The pages of one column.
struct CheckedPages {
    pages: SerializedPageReader<CheckedHeaders>,
    /// Whether its values have repetition levels, and definition levels.
    levels: [bool; 2],
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let levels = self.levels;
        self.pages.get_next_page()?.map(|page| checked(page, levels)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

fn checked(page: Page, levels: [bool; 2]) -> Result<Page> {
    let bytes = page.buffer().len();
    let values = page.num_values() as usize;
    match &page {
        // The values of a dictionary are consecutive, each at least a byte long.
        Page::DictionaryPage { .. } if values > bytes => {
            return Err(ParquetError::General(format!("a dictionary of {bytes} bytes cannot hold {values} values")));
        }
        _ => {}
    }
    let values_of_page = u64::from(page.num_values());
    let counts = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => [lengths(&page, levels).map(|lengths| lengths.count), None],
        // Lengths of the prefixes shared with the previous text, then lengths of the suffixes.
        Encoding::DELTA_BYTE_ARRAY => {
            let shared = lengths(&page, levels);
            let suffixes = shared.as_ref().and_then(Deltas::end).and_then(Deltas::read);
            [shared.map(|lengths| lengths.count), suffixes.map(|lengths| lengths.count)]
        }
        _ => [None, None],
    };
    if let Some(count) = counts.into_iter().flatten().find(|count| *count > values_of_page) {
        let what = format!("a page of {values} values says that it holds {count} texts");
        return Err(ParquetError::General(what));
    }
    Ok(page)
}

/// The text lengths at the beginning of a page's values, after its levels; `None` when they cannot
/// be found.
fn lengths(page: &Page, levels: [bool; 2]) -> Option<Deltas<'_>> {
    let values = match page {
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize..)?.get(*rep_levels_byte_len as usize..)?
        }
        Page::DataPage { buf, .. } => {
            // Levels of each kind begin with their length.
            levels.into_iter().filter(|has| *has).try_fold(&buf[..], |rest, _| {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                rest.get(u32::from_le_bytes(*length) as usize..)
            })?
        }
        Page::DictionaryPage { .. } => return None,
    };
    Deltas::read(values)
}

/// Integers as differences, in the encoding DELTA_BINARY_PACKED (see "Encodings" of the Parquet
/// format): a header, then blocks of several parts, each with the same number of differences.
struct Deltas<'a> {
    /// Differences per part, and parts per block.
    part: u64,
    parts: usize,
    /// Number of integers; the first is in the header.
    count: u64,
    /// The bytes after the header.
    blocks: &'a [u8],
}

impl<'a> Deltas<'a> {
    fn read(bytes: &'a [u8]) -> Option<Deltas<'a>> {
        let (block, rest) = variable(bytes)?;
        let (parts, rest) = variable(rest)?;
        let (count, rest) = variable(rest)?;
        let (_first, blocks) = variable(rest)?;
        Some(Deltas { part: block.checked_div(parts)?, parts: parts.try_into().ok()?, count, blocks })
    }

    /// The bytes after the last block; `None` when the bytes end before.
    fn end(&self) -> Option<&'a [u8]> {
        let mut rest = self.blocks;
        let mut left = self.count.saturating_sub(1);
        while left > 0 {
            let (_least, behind) = variable(rest)?;
            let (widths, mut behind) = behind.split_at_checked(self.parts)?;
            for width in widths {
                // Parts without values have a width and no bytes.
                if left > 0 {
                    let bytes = self.part.checked_mul((*width).into())? / 8;
                    behind = behind.get(usize::try_from(bytes).ok()?..)?;
                    left = left.saturating_sub(self.part.max(1));
                }
            }
            rest = behind;
        }
        Some(rest)
    }
}

/// A variable-length integer, and the bytes after it.
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(length);
    (length <= 10).then(|| {
        let number = number.iter().enumerate();
        (number.fold(0, |n, (i, byte)| n | u64::from(byte & 0x7f).unbounded_shl(7 * i as u32)), rest)
    })
}
