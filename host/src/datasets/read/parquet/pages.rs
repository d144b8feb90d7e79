//! Pages as the crate reads them, but for those whose header asks for far more memory than their
//! bytes can fill: the crate makes room for as many values as a page says that it has.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::RowGroupReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

/// A row group whose pages are looked at first.
pub(super) struct CheckedGroup<'a>(pub(super) Box<dyn RowGroupReader + 'a>);

impl RowGroupReader for CheckedGroup<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.0.metadata()
    }

    fn num_columns(&self) -> usize {
        self.0.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Result<Box<dyn PageReader>> {
        let column = self.0.metadata().column(i).column_descr();
        let levels = [column.max_rep_level(), column.max_def_level()].map(|most| most > 0);
        Ok(Box::new(CheckedPages { pages: self.0.get_column_page_reader(i)?, levels }))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&parquet::bloom_filter::Sbbf> {
        self.0.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        self.0.get_row_iter(projection)
    }
}

/// The pages of one column.
struct CheckedPages {
    pages: Box<dyn PageReader>,
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
        // The values of a dictionary lie one behind the other, each of a byte at least.
        Page::DictionaryPage { .. } if values > bytes => {
            return Err(ParquetError::General(format!("a dictionary of {bytes} bytes cannot hold {values} values")));
        }
        _ => {}
    }
    if matches!(page.encoding(), Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
        let count = texts(&page, levels).unwrap_or(0);
        if count > page.num_values().into() {
            let what = format!("a page of {values} values says that it holds {count} texts");
            return Err(ParquetError::General(what));
        }
    }
    Ok(page)
}

/// How many lengths of texts a page's values begin with, behind its levels; `None` when they cannot
/// be found.
fn texts(page: &Page, levels: [bool; 2]) -> Option<u64> {
    let values = match page {
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize..)?.get(*rep_levels_byte_len as usize..)?
        }
        Page::DataPage { buf, .. } => {
            // Each kind of levels tells its length first.
            levels.into_iter().filter(|has| *has).try_fold(&buf[..], |rest, _| {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                rest.get(u32::from_le_bytes(*length) as usize..)
            })?
        }
        Page::DictionaryPage { .. } => return None,
    };
    // Size of a block, number of its parts, number of all values: each of variable length.
    let count = values.split_inclusive(|byte| byte & 0x80 == 0).nth(2)?;
    Some(count.iter().take(9).enumerate().fold(0, |n, (i, byte)| n | u64::from(byte & 0x7f) << (7 * i)))
}
