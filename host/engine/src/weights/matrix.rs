//! A frozen matrix in memory: in f32, in the quantised form of its file, or in both.

use crate::ops::quantised::Quantised;

/// A weight [out, in]. Training reads it in f32, decode steps in its quantised form if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrix {
    /// Empty if only the quantised form is kept.
    values: Vec<f32>,
    stored: Option<Quantised>,
}

impl From<Vec<f32>> for Matrix {
    fn from(values: Vec<f32>) -> Self {
        Self { values, stored: None }
    }
}

impl From<Quantised> for Matrix {
    fn from(stored: Quantised) -> Self {
        Self { values: Vec::new(), stored: Some(stored) }
    }
}

impl Matrix {
    /// Keeps this quantised form as well, which has the same values.
    pub(crate) fn keep(&mut self, stored: Option<Quantised>) {
        self.stored = stored;
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match &self.stored {
            Some(stored) if self.values.is_empty() => stored.out() * stored.input(),
            _ => self.values.len(),
        }
    }

    /// The values; if only the quantised form is kept, dequantised into `scratch`.
    pub(crate) fn values<'a>(&'a self, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        match &self.stored {
            Some(stored) if self.values.is_empty() => {
                scratch.resize(self.len(), 0.0);
                stored.values_into(0, scratch);
                scratch
            }
            _ => &self.values,
        }
    }

    /// Row `row`, of `out.len()` values, into `out`.
    pub(crate) fn row_into(&self, row: usize, out: &mut [f32]) {
        match &self.stored {
            Some(stored) if self.values.is_empty() => stored.values_into(row, out),
            _ => out.copy_from_slice(&self.values[row * out.len()..][..out.len()]),
        }
    }

    /// The values, to be changed. Drops the quantised form, which would no longer match.
    pub(crate) fn values_mut(&mut self) -> &mut Vec<f32> {
        if self.values.is_empty() {
            let mut values = Vec::new();
            self.values(&mut values);
            self.values = values;
        }
        self.stored = None;
        &mut self.values
    }

    /// The values of what is no matrix but a vector, which has no quantised form.
    pub(crate) fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The quantised form.
    pub(crate) fn stored(&self) -> Option<&Quantised> {
        self.stored.as_ref()
    }

    /// The values in f32, empty if only the quantised form is kept.
    pub(crate) fn floats(&self) -> &[f32] {
        &self.values
    }
}
