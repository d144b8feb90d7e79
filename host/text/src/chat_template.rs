//! Chat templates: messages to the exact text that a model was trained on, and records to token ids
//! with the position where the completion starts. Training, evaluation and inference share this one
//! renderer; nothing else builds a prompt. Only the template's own text becomes control tokens:
//! their names in a message are plain text. Templates are Jinja as transformers runs it; tools and
//! documents are never passed to one.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::{Deserialize, Serialize};

use super::tokenizer::{Shielded, Tokenizer};
use crate::{Result, TextError};

/// The date that `strftime_now` returns: Llama 3.2's own default. A prompt that changed with the
/// calendar would differ from the one that the adapter was trained on.
const TODAY: Day = Day { year: 2024, month: 7, day: 26 };

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatMessage {
    /// The speaker: `system`, `user`, `assistant`.
    pub role: String,
    /// The text.
    pub content: String,
}

impl ChatMessage {
    /// A turn.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// A model's chat template, compiled.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    bos_token: Option<String>,
    eos_token: Option<String>,
}

impl ChatTemplate {
    /// Compiles a template. `bos_token` and `eos_token` are the tokens that it may refer to.
    ///
    /// # Errors
    /// [`TextError::Refused`] with the line when the template is not valid Jinja.
    pub fn new(source: &str, bos_token: Option<String>, eos_token: Option<String>) -> Result<Self> {
        let failed = |e: Error| TextError::Refused(format!("Failed to compile the chat template: {}", describe(&e)));
        let mut environment = Environment::new();
        // As transformers configures Jinja: lines that only hold a block produce no output.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(failed)?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", |format: String| TODAY.format(&format));
        environment.add_filter("tojson", to_json);
        environment.add_template_owned("chat", source.to_owned()).map_err(failed)?;
        Ok(Self { environment, source: source.to_owned(), bos_token, eos_token })
    }

    /// The template's source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders these messages; with `add_generation_prompt`, up to where the assistant begins to
    /// speak. Reasoning ("thinking") is switched off if the template supports that.
    ///
    /// # Errors
    /// [`TextError::Refused`] when the template refuses the messages.
    pub fn render(&self, messages: &[ChatMessage], add_generation_prompt: bool) -> Result<String> {
        let fail = |e: Error| TextError::Refused(format!("Failed to render the chat template: {}", describe(&e)));
        let template = self.environment.get_template("chat").map_err(fail)?;
        let messages: Vec<Value> =
            messages.iter().map(|m| context! { role => m.role.as_str(), content => m.content.as_str() }).collect();
        // A token that the model does not have is undefined in its template, so it prints as
        // nothing.
        let token = |token: &Option<String>| token.as_deref().map_or(Value::UNDEFINED, Value::from);
        template
            .render(context! {
                messages,
                add_generation_prompt,
                enable_thinking => false,
                // transformers passes both, as None, when there are none.
                tools => (),
                documents => (),
                bos_token => token(&self.bos_token),
                eos_token => token(&self.eos_token),
            })
            .map_err(fail)
    }
}

/// A tokenised record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptCompletion {
    /// Prompt and completion, one after the other.
    pub ids: Vec<u32>,
    /// Number of prompt tokens among them.
    pub prompt_len: usize,
}

/// Renders and tokenises a record, for training (with `completion`) or for inference (without).
///
/// The prompt is rendered with its generation prompt and tokenised on its own, so that training
/// sees the same ids as inference; the completion is what the whole conversation adds to that text,
/// up to and including the first of the `eos` tokens. The content of a message is plain text,
/// whatever it contains.
///
/// # Errors
/// [`TextError::Refused`] when the template fails, when the whole conversation does not start with
/// the prompt, or when a completion does not end with an end token (an expert trained on it would
/// never learn to stop). Without any `eos` token the completion is used as it is.
pub fn encode(
    template: &ChatTemplate,
    tokenizer: &Tokenizer,
    prompt: &[ChatMessage],
    completion: Option<&[ChatMessage]>,
    eos: &[u32],
) -> Result<PromptCompletion> {
    let all = || prompt.iter().chain(completion.unwrap_or_default());
    let beside = [Some(&template.source), template.bos_token.as_ref(), template.eos_token.as_ref()];
    let Shielded { texts, mark } =
        tokenizer.shield(all().map(|m| m.content.as_str()), beside.into_iter().flatten().map(String::as_str))?;
    let conversation: Vec<ChatMessage> =
        all().zip(texts).map(|(message, text)| ChatMessage::new(message.role.as_str(), text)).collect();

    let prompt_text = template.render(&conversation[..prompt.len()], true)?;
    let mut ids = tokenizer.encode_marked(&prompt_text, mark)?;
    let prompt_len = ids.len();
    if completion.is_none() {
        return Ok(PromptCompletion { ids, prompt_len });
    }
    let full_text = template.render(&conversation, false)?;
    let plain = |text: &str| mark.map_or_else(|| text.to_owned(), |mark| text.replace(mark, ""));
    let Some(rest) = full_text.strip_prefix(&prompt_text) else {
        return Err(TextError::Refused(parting(&plain(&prompt_text), &plain(&full_text))));
    };
    let completion_ids = tokenizer.encode_marked(rest, mark)?;
    let rest = plain(rest);
    let end = completion_ids.iter().position(|id| eos.contains(id));
    let kept = match end {
        Some(end) => &completion_ids[..=end],
        None if eos.is_empty() && !completion_ids.is_empty() => &completion_ids,
        None => {
            return Err(TextError::Refused(format!(
                "Failed to encode a completion: the chat template ends it with {}, expected one of the model's end \
                 tokens ({})",
                excerpt(&rest[floor_char(&rest, rest.len().saturating_sub(24))..]),
                eos.iter()
                    .map(|&id| tokenizer.token(id).unwrap_or_else(|| id.to_string()))
                    .collect::<Vec<_>>()
                    .join(", ")
            )));
        }
    };
    ids.extend_from_slice(kept);
    Ok(PromptCompletion { ids, prompt_len })
}

/// Where the two renderings diverge, with an excerpt of both.
fn parting(prompt: &str, full: &str) -> String {
    let same = prompt.bytes().zip(full.bytes()).take_while(|(a, b)| a == b).count();
    let at = floor_char(prompt, same);
    format!(
        "Failed to encode a record: the chat template renders the prompt and the whole conversation differently from \
         byte {at} on: got {} with the completion, expected {} as in the prompt",
        excerpt(&full[floor_char(full, at)..]),
        excerpt(&prompt[at..])
    )
}

/// The largest character boundary of `text` at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// A few characters of a text, escaped, in backticks.
fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(24).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", start.escape_debug())
}

/// minijinja's error with its causes on one line: an error raised by a template is the last of
/// them.
fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// `tojson` as transformers defines it: Python's `json.dumps` without HTML escapes, so with a space
/// after commas and colons, and with `indent` if given.
fn to_json(value: Serde<serde_json::Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    kwargs.assert_all_used()?;
    let failed = |e: serde_json::Error| Error::new(ErrorKind::BadSerialization, e.to_string());
    let mut out = Vec::new();
    match indent {
        Some(width) => {
            let spaces = " ".repeat(width);
            let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter)).map_err(failed)?;
        }
        None => {
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, PythonSpacing)).map_err(failed)?;
        }
    }
    // serde_json writes valid UTF-8.
    Ok(Value::from(String::from_utf8_lossy(&out).into_owned()))
}

struct PythonSpacing;

impl serde_json::ser::Formatter for PythonSpacing {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

struct Day {
    year: u32,
    month: u32,
    day: u32,
}

impl Day {
    /// The `strftime` directives for dates.
    fn format(&self, format: &str) -> Result<String, Error> {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let month = MONTHS[self.month as usize - 1];
        let mut out = String::new();
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match rest.next() {
                Some('d') => out.push_str(&format!("{:02}", self.day)),
                Some('m') => out.push_str(&format!("{:02}", self.month)),
                Some('Y') => out.push_str(&self.year.to_string()),
                Some('y') => out.push_str(&format!("{:02}", self.year % 100)),
                Some('B') => out.push_str(month),
                Some('b') => out.push_str(&month[..3]),
                Some('%') => out.push('%'),
                other => {
                    let directive = other.map_or("%".to_owned(), |c| format!("%{c}"));
                    return Err(Error::new(
                        ErrorKind::InvalidOperation,
                        format!("strftime_now does not know `{directive}`, expected one of %d %m %Y %y %B %b %%"),
                    ));
                }
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
