//! Integration tests of hive; the tests themselves are in `it/`.
