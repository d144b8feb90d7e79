//! The structures that the `parquet` crate reads, with the types of their fields. Source:
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.
//!
//! Fields that the crate skips by their type (statistics in page headers, paths of columns) are
//! omitted: [`super::thrift`] skips unknown fields in the same way.

use super::thrift::Kind::{Bool, Byte, Bytes, Children, Double, List, Number, Schema, Struct};
use super::thrift::Structure;

/// `FileMetaData`.
pub(super) static FOOTER: Structure = Structure(&[
    (1, Number),
    (2, Schema(&SCHEMA_ELEMENT)),
    (3, Number),
    (4, List(&Struct(&ROW_GROUP))),
    (5, List(&Struct(&KEY_VALUE))),
    (6, Bytes),
    (7, List(&Struct(&COLUMN_ORDER))),
]);

/// `PageHeader`.
pub(super) static PAGE_HEADER: Structure = Structure(&[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Number),
    (5, Struct(&DATA_PAGE)),
    (6, Struct(&EMPTY)),
    (7, Struct(&DICTIONARY_PAGE)),
    (8, Struct(&DATA_PAGE_V2)),
]);

static DATA_PAGE: Structure = Structure(&[(1, Number), (2, Number), (3, Number), (4, Number)]);
static DICTIONARY_PAGE: Structure = Structure(&[(1, Number), (2, Number), (3, Bool)]);
static DATA_PAGE_V2: Structure =
    Structure(&[(1, Number), (2, Number), (3, Number), (4, Number), (5, Number), (6, Number), (7, Bool)]);

static SCHEMA_ELEMENT: Structure = Structure(&[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Bytes),
    (5, Children),
    (6, Number),
    (7, Number),
    (8, Number),
    (9, Number),
    (10, Struct(&LOGICAL_TYPE)),
]);

static LOGICAL_TYPE: Structure = Structure(&[
    (1, Struct(&EMPTY)),
    (2, Struct(&EMPTY)),
    (3, Struct(&EMPTY)),
    (4, Struct(&EMPTY)),
    (5, Struct(&DECIMAL)),
    (6, Struct(&EMPTY)),
    (7, Struct(&TIME)),
    (8, Struct(&TIME)),
    (10, Struct(&INTEGER)),
    (11, Struct(&EMPTY)),
    (12, Struct(&EMPTY)),
    (13, Struct(&EMPTY)),
    (14, Struct(&EMPTY)),
    (15, Struct(&EMPTY)),
    (16, Struct(&VARIANT)),
    (17, Struct(&GEOMETRY)),
    (18, Struct(&GEOGRAPHY)),
    (19, Struct(&EMPTY)),
]);

static EMPTY: Structure = Structure(&[]);
static DECIMAL: Structure = Structure(&[(1, Number), (2, Number)]);
static TIME: Structure = Structure(&[(1, Bool), (2, Struct(&TIME_UNIT))]);
static TIME_UNIT: Structure = Structure(&[(1, Struct(&EMPTY)), (2, Struct(&EMPTY)), (3, Struct(&EMPTY))]);
static INTEGER: Structure = Structure(&[(1, Byte), (2, Bool)]);
static VARIANT: Structure = Structure(&[(1, Byte)]);
static GEOMETRY: Structure = Structure(&[(1, Bytes)]);
static GEOGRAPHY: Structure = Structure(&[(1, Bytes), (2, Number)]);

static KEY_VALUE: Structure = Structure(&[(1, Bytes), (2, Bytes)]);
static COLUMN_ORDER: Structure = Structure(&[(1, Struct(&EMPTY)), (2, Struct(&EMPTY)), (3, Struct(&EMPTY))]);

static ROW_GROUP: Structure = Structure(&[
    (1, List(&Struct(&COLUMN_CHUNK))),
    (2, Number),
    (3, Number),
    (4, List(&Struct(&SORTING_COLUMN))),
    (5, Number),
    (6, Number),
    (7, Number),
]);

static SORTING_COLUMN: Structure = Structure(&[(1, Number), (2, Bool), (3, Bool)]);

static COLUMN_CHUNK: Structure = Structure(&[
    (1, Bytes),
    (2, Number),
    (3, Struct(&COLUMN_METADATA)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
]);

static COLUMN_METADATA: Structure = Structure(&[
    (1, Number),
    (2, List(&Number)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (9, Number),
    (10, Number),
    (11, Number),
    (12, Struct(&STATISTICS)),
    (13, List(&Struct(&ENCODING_STATISTICS))),
    (14, Number),
    (15, Number),
    (16, Struct(&SIZE_STATISTICS)),
    (17, Struct(&GEOSPATIAL_STATISTICS)),
]);

static STATISTICS: Structure = Structure(&[
    (1, Bytes),
    (2, Bytes),
    (3, Number),
    (4, Number),
    (5, Bytes),
    (6, Bytes),
    (7, Bool),
    (8, Bool),
    (9, Number),
]);

static ENCODING_STATISTICS: Structure = Structure(&[(1, Number), (2, Number), (3, Number)]);
static SIZE_STATISTICS: Structure = Structure(&[(1, Number), (2, List(&Number)), (3, List(&Number))]);
static GEOSPATIAL_STATISTICS: Structure = Structure(&[(1, Struct(&BOUNDING_BOX)), (2, List(&Number))]);

static BOUNDING_BOX: Structure = Structure(&[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
]);
