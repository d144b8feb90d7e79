//! The plugin's side of the boundary: decodes a request, runs the expert while catching panics, and
//! encodes the reply. `export_expert!` puts it behind the C table.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abi::Buffer;
use crate::error::ExpertError;
use crate::expert::Expert;
use crate::protocol::{
    ExamineRequest, GradeRequest, InspectRequest, MethodId, PrefixRequest, Record, Reply, Settings, SynthesizeRequest,
};

/// Exports the expert that the expression `$make` builds as this library's plugin.
///
/// The expert is built once, at the first call. Every entry catches panics: a panic becomes an
/// error reply that names the record.
#[macro_export]
macro_rules! export_expert {
    ($make:expr) => {
        /// ABI number of this plugin.
        // SAFETY: the name is part of the plugin contract and defined once per plugin.
        #[unsafe(no_mangle)]
        pub static HIVE_EXPERT_ABI: u32 = $crate::abi::ABI_VERSION;

        /// Functions of this plugin.
        // SAFETY: the name is part of the plugin contract and defined once per plugin.
        #[unsafe(no_mangle)]
        pub static HIVE_EXPERT_TABLE: $crate::abi::ExpertTable = {
            unsafe extern "C" fn call(
                method: u32,
                input: *const u8,
                input_len: usize,
                out: *mut $crate::abi::Buffer,
            ) -> i32 {
                static EXPERT: std::sync::OnceLock<Box<dyn $crate::Expert>> = std::sync::OnceLock::new();
                // SAFETY: passes on the host's promise about these pointers.
                unsafe {
                    $crate::export::entry(|| &**EXPERT.get_or_init(|| Box::new($make)), method, input, input_len, out)
                }
            }
            unsafe extern "C" fn free(buffer: $crate::abi::Buffer) {
                // SAFETY: the host returns, once, a buffer that `call` of this library filled.
                unsafe { buffer.reclaim() }
            }
            $crate::abi::ExpertTable { size: std::mem::size_of::<$crate::abi::ExpertTable>(), call, free }
        };
    };
}

/// The body of the exported `call`.
///
/// # Safety
/// `input` is readable for `input_len` bytes (or `input_len` is 0) and `out` points to a writable
/// [`Buffer`].
pub unsafe fn entry<'e>(
    expert: impl FnOnce() -> &'e dyn Expert,
    method: u32,
    input: *const u8,
    input_len: usize,
    out: *mut Buffer,
) -> i32 {
    if out.is_null() {
        return 1;
    }
    let input = if input_len == 0 || input.is_null() {
        &[][..]
    } else {
        // SAFETY: by the caller's promise.
        unsafe { std::slice::from_raw_parts(input, input_len) }
    };
    let record = Cell::new(None);
    let answer = catch_unwind(AssertUnwindSafe(|| answer(expert(), method, input, &record)));
    let bytes = answer.unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        // Dropping a panic payload may panic again; leaking it is the only safe option.
        std::mem::forget(payload);
        error_bytes(ExpertError { message: text, record: record.get(), panicked: true })
    });
    // SAFETY: by the caller's promise.
    unsafe { out.write(Buffer::from_vec(bytes)) };
    0
}

fn answer(expert: &dyn Expert, method: u32, input: &[u8], at: &Cell<Option<usize>>) -> Vec<u8> {
    let Some(method) = MethodId::from_wire(method) else {
        return error_bytes(ExpertError::new(format!("method {method} is not one of ABI {}", crate::ABI_VERSION)));
    };
    match method {
        MethodId::Manifest => encode(Ok(expert.manifest_json())),
        MethodId::Render => each(input, at, |r: Record| expert.render(&r)),
        MethodId::Validate => each(input, at, |r: Record| expert.validate(&r)),
        MethodId::Grade => each(input, at, |r: GradeRequest| expert.grade(&r.prompt, &r.completion)),
        MethodId::Synthesize => encode(decode(input).and_then(|r: SynthesizeRequest| expert.synthesize(r.seed, r.n))),
        MethodId::Constrain => encode(decode(input).and_then(|r: Record| expert.constrain(&r))),
        MethodId::EvalPrompts => encode(expert.eval_prompts()),
        MethodId::Examine => {
            each(input, at, |r: ExamineRequest| expert.examine(&r.prompt, &r.alternatives, &r.completion))
        }
        MethodId::Inspect => each(input, at, |r: InspectRequest| expert.inspect(&r.record, r.completion.as_deref())),
        MethodId::CheckPrefix => each(input, at, |r: PrefixRequest| expert.check_prefix(&r.prompt, &r.text, r.ended)),
        MethodId::Configure => encode(decode(input).and_then(|s: Settings| expert.configure(&s))),
    }
}

/// Processes a batch record by record; the first error stops it and names its record.
fn each<I: DeserializeOwned, O: Serialize>(
    input: &[u8],
    at: &Cell<Option<usize>>,
    f: impl Fn(I) -> Result<O, ExpertError>,
) -> Vec<u8> {
    let batch: Vec<I> = match decode(input) {
        Ok(batch) => batch,
        Err(error) => return error_bytes(error),
    };
    let answers: Result<Vec<O>, ExpertError> = batch
        .into_iter()
        .enumerate()
        .map(|(i, item)| {
            at.set(Some(i));
            f(item).map_err(|e| ExpertError { record: Some(i), ..e })
        })
        .collect();
    encode(answers)
}

fn decode<T: DeserializeOwned>(input: &[u8]) -> Result<T, ExpertError> {
    serde_json::from_slice(input)
        .map_err(|e| ExpertError::new(format!("the request does not follow the protocol: {e}")))
}

fn encode<T: Serialize>(answer: Result<T, ExpertError>) -> Vec<u8> {
    let reply = match answer {
        Ok(value) => Reply::Ok(value),
        Err(error) => return error_bytes(error),
    };
    serde_json::to_vec(&reply)
        .unwrap_or_else(|e| error_bytes(ExpertError::new(format!("the reply cannot be written as JSON: {e}"))))
}

fn error_bytes(error: ExpertError) -> Vec<u8> {
    serde_json::to_vec(&Reply::<()>::Error(error)).unwrap_or_else(|_| br#"{"error":{"message":"unknown"}}"#.to_vec())
}
