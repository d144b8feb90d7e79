//! What a worker says of code that it cannot load, so that the parent reports it as if it had loaded the code itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::LoadFault;

/// A [`LoadFault`] on its way from a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum ToldFault {
    Missing,
    NotRecorded {
        path: PathBuf,
        why: String,
    },
    Sha256 {
        got: String,
        expected: String,
    },
    Format {
        got: String,
        expected: String,
    },
    Open(String),
    NoSymbol(String),
    Abi(u32),
    Table(String),
    Manifest {
        what: String,
        faults: Vec<String>,
    },
    /// Any other, in words.
    Other(String),
}

impl From<LoadFault> for ToldFault {
    fn from(fault: LoadFault) -> Self {
        match fault {
            LoadFault::Missing => Self::Missing,
            LoadFault::NotRecorded { path, why } => Self::NotRecorded { path, why },
            LoadFault::Sha256 { got, expected } => Self::Sha256 { got, expected },
            LoadFault::Format { got, expected } => Self::Format { got, expected },
            LoadFault::Open(why) => Self::Open(why),
            LoadFault::NoSymbol(name) => Self::NoSymbol(name),
            LoadFault::Abi { got } => Self::Abi(got),
            LoadFault::Table(why) => Self::Table(why),
            LoadFault::Manifest { what, faults } => Self::Manifest { what, faults },
            LoadFault::Unreadable(error) => Self::Other(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<ToldFault> for LoadFault {
    fn from(fault: ToldFault) -> Self {
        match fault {
            ToldFault::Missing => Self::Missing,
            ToldFault::NotRecorded { path, why } => Self::NotRecorded { path, why },
            ToldFault::Sha256 { got, expected } => Self::Sha256 { got, expected },
            ToldFault::Format { got, expected } => Self::Format { got, expected },
            ToldFault::Open(why) => Self::Open(why),
            ToldFault::NoSymbol(name) => Self::NoSymbol(name),
            ToldFault::Abi(got) => Self::Abi { got },
            ToldFault::Table(why) => Self::Table(why),
            ToldFault::Manifest { what, faults } => Self::Manifest { what, faults },
            ToldFault::Other(why) => Self::Unreadable(std::io::Error::other(why)),
        }
    }
}
