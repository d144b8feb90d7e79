//! An expert that behaves unless it is told not to: by the field `do` of a record, or by
//! `HIVE_TEST_MANIFEST` for the call that every loading makes.

use hive_sdk::abi::{ABI_VERSION, Buffer, ExpertTable, MAX_REPLY_BYTES};
use hive_sdk::protocol::MethodId;
use hive_sdk::{Expert, ExpertError, Grade, Message, Record, Rendered, Verdict};

struct Misbehaving;

impl Expert for Misbehaving {
    fn manifest_json(&self) -> &str {
        if std::env::var("HIVE_TEST_MANIFEST").as_deref() == Ok("panic") {
            panic!("asked to panic");
        }
        include_str!("../it/fixtures/misbehaving.json")
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let completion_start = match record.require("do")? {
            "panic" => panic!("asked to panic"),
            "start" => 99,
            _ => 1,
        };
        Ok(Rendered { messages: vec![Message::user("hi"), Message::assistant("HI")], completion_start })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        // Its first word says what to do; what follows makes records differ.
        Ok(match record.require("do")?.split(' ').next() {
            Some("abort") => std::process::abort(),
            Some("hang") => loop {
                std::thread::park();
            },
            Some("oops") => panic!("asked to panic"),
            Some("slow") => {
                std::thread::sleep(std::time::Duration::from_millis(4));
                Verdict::accept()
            }
            Some("bad") => Verdict::reject("bad", "it says that it is bad"),
            Some("mend") => {
                let mut mended = record.clone();
                mended.set("answer", record.require("answer")?.to_owned() + "!");
                Verdict::repaired(mended, "mended", "it asked to be mended")
            }
            _ => Verdict::accept(),
        })
    }

    fn grade(&self, prompt: &Record, _: &str) -> Result<Grade, ExpertError> {
        Ok(Grade::new(match prompt.require("do")? {
            "nan" => f64::NAN,
            "two" => 2.0,
            _ => 1.0,
        }))
    }
}

/// ABI number of this plugin.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_ABI: u32 = ABI_VERSION;

/// Functions of this plugin.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_TABLE: ExpertTable = ExpertTable { size: size_of::<ExpertTable>(), call, free };

/// Spoils the reply itself, which no `Expert` can.
unsafe extern "C" fn call(method: u32, input: *const u8, input_len: usize, out: *mut Buffer) -> i32 {
    // SAFETY: the host passes a readable input of this length.
    let text = String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(input, input_len) });
    let told = std::env::var("HIVE_TEST_MANIFEST").ok().filter(|_| method == MethodId::Manifest as u32);
    let wish = |what: &str| told.as_deref() == Some(what) || text.contains(&format!("\"do\":\"{what}\""));
    let reply = if wish("null") {
        return 0;
    } else if wish("status") {
        return 7;
    } else if wish("garbage") {
        Buffer::from_vec(b"<html>".to_vec())
    } else if wish("extra") {
        Buffer::from_vec(br#"{"ok": [{"messages": [], "completion_start": 0, "new": 1}]}"#.to_vec())
    } else if wish("fewer") {
        Buffer::from_vec(br#"{"ok": []}"#.to_vec())
    } else if wish("long") {
        // Says that it is longer than it is; the host must not read it. Capacity 0: see `free`.
        Buffer { ptr: std::ptr::dangling_mut(), len: MAX_REPLY_BYTES + 1, capacity: 0 }
    } else {
        // SAFETY: forwards the host's promise about these pointers.
        return unsafe { hive_sdk::export::entry(|| &Misbehaving, method, input, input_len, out) };
    };
    // SAFETY: the host passes a valid place for a Buffer.
    unsafe { out.write(reply) };
    0
}

unsafe extern "C" fn free(buffer: Buffer) {
    if buffer.capacity > 0 {
        // SAFETY: the host gives back, once, a buffer that `call` made from a Vec.
        unsafe { buffer.reclaim() }
    }
}
