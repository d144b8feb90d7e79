//! What texts hold besides facts: greetings, sentences beside the point, farewells.

use hive_sdk::rng::Rng;

use super::words::{self, Source, bystander, one};

const ASIDES: &[&str] = &[
    "The weather has been awful all week",
    "Sorry for the late reply",
    "I tried calling yesterday but nobody picked up",
    "As discussed, nothing else changes",
    "Please ignore my previous message",
    "The printer is out of toner again",
    "I am forwarding this from my phone",
    "Happy to explain if anything is unclear",
    "This replaces what we had on file",
    "My colleague {p} can answer questions",
    "{p} from the front desk passed this on to me",
    "We have worked with you for {n} years now",
    "There were {n} people ahead of me in the queue",
    "I will be out of office from next Monday",
    "The parking situation near {c} is a nightmare, by the way",
    "Hope you had a good weekend",
    "The old form no longer works, so here it is in writing",
    "I already mentioned this to {p} last week",
    "It took me {n} minutes to find the right address to write to",
    "Somebody should update the website one day",
    "The coffee machine on floor {n} is broken again",
    "Nothing urgent about the rest",
    "Our office in {c} sends its regards",
    "I could not attach the scan, the file was too big",
    "For what it's worth, {p} agrees with me",
    "Page {n} of the handbook says to write to this address",
    "I have no idea who to ask otherwise",
    "The reminder I got mentioned ticket {n}, which is already closed",
    "Everything else stays as it was",
    "You can reply to this message or not, as you like",
    "We moved from {c} not long ago",
    "It was a pleasure to meet {p} at the fair",
    "My dog ate the first draft",
    "Excuse the typos",
    "This is the {n}th time that I fill this in",
    "Greetings to {p} and the whole team",
    "The hotline kept me waiting for {n} minutes",
    "I found your contact in an old newsletter",
    "Let me know when it is done",
    "Thanks for sorting out the mess from last month",
];

const GREETINGS: &[&str] = &[
    "Hi,",
    "Hello,",
    "Dear team,",
    "Dear {f},",
    "Hi {f},",
    "Good morning,",
    "Good afternoon {f},",
    "Hello everyone,",
    "To whom it may concern,",
    "Hey {f},",
    "Dear Sir or Madam,",
];

const FAREWELLS: &[&str] = &[
    "Best,\n{p}",
    "Kind regards\n{p}",
    "Thanks,\n{f}",
    "Cheers, {f}",
    "Many thanks",
    "Regards,\n{p}",
    "Thanks in advance!",
    "Sincerely,\n{p}",
    "Talk soon, {f}",
    "-- {f}",
    "Thank you.",
];

const STARTS: &[&str] = &[
    "hey,",
    "ok so",
    "quick one:",
    "hiya!",
    "hey there,",
    "so,",
    "alright,",
    "hi again,",
    "btw",
    "morning!",
    "right,",
    "just so you know,",
    "heads up:",
    "fyi",
    "yo,",
];

const LINKS: &[&str] = &["also", "oh and", "and", "btw", "plus", "then", "anyway,", "ah,", "so", "oh,"];

/// A sentence beside the point, without its full stop.
pub fn aside(rng: &mut Rng) -> String {
    let text = one(ASIDES, rng);
    fill(text, rng)
}

/// The first line of a letter.
pub fn greeting(rng: &mut Rng) -> String {
    let text = one(GREETINGS, rng);
    fill(text, rng)
}

/// The last lines of a letter.
pub fn farewell(rng: &mut Rng) -> String {
    let text = one(FAREWELLS, rng);
    fill(text, rng)
}

/// How chatting begins.
pub fn start(rng: &mut Rng) -> &'static str {
    one(STARTS, rng)
}

/// How chatting goes on.
pub fn link(rng: &mut Rng) -> &'static str {
    one(LINKS, rng)
}

fn fill(text: &str, rng: &mut Rng) -> String {
    let text = text.replace("{p}", &words::word(Source::Person, rng)).replace("{f}", bystander(rng));
    text.replace("{c}", &words::word(Source::City, rng)).replace("{n}", &rng.between(3, 29).to_string())
}
