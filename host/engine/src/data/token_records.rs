//! The records of a token file that a sequence limit admits.

use hive_files::hex;
use hive_text::token_file::TokenPart;
use sha2::{Digest, Sha256};

use crate::data::{Example, Records};
use crate::ops::dropout;

/// One part of a token file, without the records that are longer than a limit: those are dropped whole,
/// never truncated.
#[derive(Debug)]
pub struct TokenRecords {
    part: TokenPart,
    /// Numbers of the records that are not too long.
    kept: Vec<u32>,
    /// Tokens of the shortest record, for the error when none fits.
    shortest: usize,
}

impl TokenRecords {
    /// The records of `part` with at most `max_seq_len` tokens.
    pub fn new(part: TokenPart, max_seq_len: usize) -> Self {
        let kept = (0..part.len()).filter(|&i| part.tokens(i) <= max_seq_len).map(|i| i as u32).collect();
        let shortest = (0..part.len()).map(|i| part.tokens(i)).min().unwrap_or(usize::MAX);
        Self { part, kept, shortest }
    }

    /// Records that are longer than the limit.
    pub fn too_long(&self) -> usize {
        self.part.len() - self.kept.len()
    }

    /// Tokens of the shortest record of all.
    pub fn shortest(&self) -> usize {
        self.shortest
    }

    /// Tokens of all records, and those of them that carry loss.
    pub fn total_tokens(&self) -> (u64, u64) {
        let records = 0..self.len();
        records.fold((0, 0), |(all, loss), i| (all + self.tokens(i) as u64, loss + self.loss_tokens(i) as u64))
    }

    /// sha256 over token ids, loss masks, dropout keys and their order, lower-case hex.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let (tokens, _) = self.total_tokens();
        hash.update((4 * tokens).to_le_bytes());
        for &record in &self.kept {
            self.part.ids(record as usize).iter().for_each(|id| hash.update(id.to_le_bytes()));
        }
        let records = self.kept.len() as u64;
        hash.update((8 * records).to_le_bytes());
        let mut end = 0;
        for &record in &self.kept {
            end += self.part.tokens(record as usize) as u64;
            hash.update(end.to_le_bytes());
        }
        hash.update((4 * records).to_le_bytes());
        self.kept.iter().for_each(|&record| hash.update((self.part.loss_from(record as usize) as u32).to_le_bytes()));
        hash.update((8 * records).to_le_bytes());
        self.kept.iter().for_each(|&record| hash.update(key(record).to_le_bytes()));
        hex(&hash.finalize())
    }
}

/// A record keeps its dropout masks whatever the limit: its key is of its place among all.
fn key(record: u32) -> u64 {
    dropout::key(&[u64::from(record)])
}

impl Records for TokenRecords {
    fn len(&self) -> usize {
        self.kept.len()
    }

    fn tokens(&self, index: usize) -> usize {
        self.part.tokens(self.kept[index] as usize)
    }

    fn loss_tokens(&self, index: usize) -> usize {
        let record = self.kept[index] as usize;
        self.part.tokens(record).saturating_sub(self.part.loss_from(record))
    }

    fn get(&self, index: usize) -> Example {
        let record = self.kept[index];
        Example::new(self.part.ids(record as usize), self.part.loss_from(record as usize), key(record))
    }
}

#[cfg(test)]
mod tests {
    use hive_text::token_file::{TokenFile, TokenWriter};

    use super::*;

    #[test]
    fn a_limit_drops_records_and_changes_nothing_of_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        let mut writer = TokenWriter::create(&path, &["train"]).unwrap();
        let lengths = [5, 9, 2, 7];
        for len in lengths {
            writer.add(0, &(0..len).collect::<Vec<u32>>(), 2).unwrap();
        }
        writer.finish([]).unwrap();
        let part = TokenFile::open(&path).unwrap().part("train").unwrap();
        let all = TokenRecords::new(part.clone(), 9);
        let some = TokenRecords::new(part.clone(), 6);
        assert_eq!((all.len(), all.too_long(), some.len(), some.too_long()), (4, 0, 2, 2));
        assert_eq!((some.get(0), some.get(1)), (all.get(0), all.get(2)));
        assert_eq!((some.total_tokens(), some.shortest()), ((7, 3), 2));
        assert_ne!(some.digest(), all.digest());
        assert!(TokenRecords::new(part, 1).is_empty());
    }

    #[test]
    fn the_digest_is_that_of_the_whole_columns() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        let mut writer = TokenWriter::create(&path, &["train"]).unwrap();
        writer.add(0, &[7, 8, 9], 1).unwrap();
        writer.add(0, &[4, 5], 0).unwrap();
        writer.finish([]).unwrap();
        let records = TokenRecords::new(TokenFile::open(&path).unwrap().part("train").unwrap(), 10);
        let mut bytes = 20_u64.to_le_bytes().to_vec();
        [7_u32, 8, 9, 4, 5].iter().for_each(|id| bytes.extend(id.to_le_bytes()));
        bytes.extend([16_u64, 3, 5].map(u64::to_le_bytes).concat());
        bytes.extend(8_u64.to_le_bytes());
        bytes.extend([1_u32, 1].map(u32::to_le_bytes).concat());
        bytes.extend([16, key(0), key(1)].map(u64::to_le_bytes).concat());
        assert_eq!(records.digest(), hive_files::sha256_of(&mut &bytes[..]).unwrap());
    }
}
