//! Decoding under a constraint, against the same search without guesses, forced tokens and a cache.

use hive_engine::Result;
use hive_engine::generate::{
    Constraint, Generated, Limits, Sampling, StopReason, TextVerdict, generate, generate_within,
};
use hive_engine::network::inference::Session;
use hive_engine::network::pass::Model;
use hive_engine::weights::config::Architecture;

use crate::fixtures::decoder;

const VOCAB: u32 = 61;
const STOP: u32 = 5;
const POSSIBLE: TextVerdict = TextVerdict::Possible;

type Allowed = fn(&[u32], u32) -> bool;
type Verdict = fn(&[u32], bool) -> TextVerdict;

/// Rules about tokens.
struct Rules {
    ids: Vec<u32>,
    bits: Vec<u32>,
    allowed: Allowed,
    verdict: Verdict,
    /// Whether single allowed tokens are forced.
    forces: bool,
    ending: Option<Vec<u32>>,
}

impl Rules {
    fn new(allowed: Allowed, verdict: Verdict) -> Self {
        Self { ids: Vec::new(), bits: Vec::new(), allowed, verdict, forces: false, ending: None }
    }
}

impl Constraint for Rules {
    fn allowed(&mut self) -> Result<&[u32]> {
        self.bits = vec![0; VOCAB.div_ceil(32) as usize];
        for id in (0..VOCAB).filter(|id| (self.allowed)(&self.ids, *id)) {
            self.bits[id as usize / 32] |= 1 << (id % 32);
        }
        Ok(&self.bits)
    }

    fn forced(&mut self) -> Vec<u32> {
        let mut ids = self.ids.clone();
        let mut forced = Vec::new();
        if !self.forces {
            return forced;
        }
        loop {
            let mut allowed = (0..VOCAB).filter(|id| (self.allowed)(&ids, *id));
            let (Some(only), None) = (allowed.next(), allowed.next()) else { break };
            ids.push(only);
            forced.push(only);
        }
        forced
    }

    fn push(&mut self, token: u32) -> Result<()> {
        self.ids.push(token);
        Ok(())
    }

    fn pop(&mut self, n: usize) -> Result<()> {
        self.ids.truncate(self.ids.len() - n);
        Ok(())
    }

    fn verdict(&mut self, ended: bool) -> Result<TextVerdict> {
        Ok((self.verdict)(&self.ids, ended))
    }

    fn ending(&mut self, most: usize) -> Result<Option<Vec<u32>>> {
        Ok(self.ending.clone().filter(|ending| ending.len() <= most))
    }
}

/// The search as it is described: the most likely allowed token that leads on, else back to where another was possible.
fn searched(model: Model, prompt: &[u32], most: usize, allowed: Allowed, verdict: Verdict) -> Option<Generated> {
    let mut ids: Vec<u32> = Vec::new();
    let mut untried: Vec<Vec<u32>> = Vec::new();
    let candidates = |ids: &[u32]| {
        let mut session = Session::new(model, prompt.len() + ids.len());
        let mut logits = session.feed(prompt).unwrap().to_vec();
        for id in ids {
            logits = session.feed(&[*id]).unwrap().to_vec();
        }
        let mut all: Vec<u32> = (0..VOCAB).filter(|id| allowed(ids, *id)).collect();
        all.sort_by(|a, b| logits[*b as usize].total_cmp(&logits[*a as usize]));
        all.truncate(24);
        all.reverse();
        all
    };
    let mut here = candidates(&ids);
    loop {
        let Some(token) = here.pop() else {
            here = untried.pop()?;
            ids.pop();
            continue;
        };
        let ended = token == STOP;
        if !ended {
            ids.push(token);
            untried.push(std::mem::take(&mut here));
        }
        match verdict(&ids, ended) {
            TextVerdict::Possible if ended => return Some(Generated { ids, reason: StopReason::StopToken }),
            TextVerdict::Possible if ids.len() == most => return Some(Generated { ids, reason: StopReason::Length }),
            TextVerdict::Possible => here = candidates(&ids),
            TextVerdict::Impossible { kept } if kept < ids.len() => {
                here = std::mem::take(&mut untried[kept]);
                ids.truncate(kept);
                untried.truncate(kept);
            }
            TextVerdict::Impossible { .. } => {}
        }
    }
}

fn limits(max_new_tokens: usize) -> Limits<'static> {
    Limits { max_new_tokens, stop: &[STOP], sampling: Sampling::Greedy }
}

#[test]
fn a_constraint_that_allows_everything_changes_nothing() {
    let base = decoder(Architecture::Qwen3, true);
    let model = Model::new(&base, None);
    let prompt: Vec<u32> = (0..24).map(|i| (i % 6) * 9 + 2).collect();
    let limits = Limits { stop: &[], ..limits(60) };
    let free = generate(model, &prompt, &limits, |_| true).unwrap();
    let mut seen = Vec::new();
    let mut rules = Rules::new(|_, _| true, |_, _| POSSIBLE);
    let guided = generate_within(model, &prompt, &limits, &mut rules, |ids| {
        seen.push(ids.to_vec());
        true
    });
    assert_eq!(guided.unwrap(), free);
    assert_eq!(seen.len(), 60);
    assert!(seen.iter().zip(1..).all(|(ids, n)| *ids == free.ids[..n]));
    let stopped = generate_within(model, &prompt, &limits, &mut Rules::new(|_, _| true, |_, _| POSSIBLE), |_| false);
    assert_eq!(stopped.unwrap().reason, StopReason::Cancelled);
    let random = Limits { sampling: Sampling::Random { temperature: 1.0, top_p: 0.9, seed: 5 }, ..limits };
    let mut rules = Rules::new(|_, _| true, |_, _| POSSIBLE);
    let guided = generate_within(model, &prompt, &random, &mut rules, |_| true).unwrap();
    assert_eq!(guided, generate(model, &prompt, &random, |_| true).unwrap());
}

#[test]
fn the_text_is_that_of_the_search_without_shortcuts() {
    let parity: Allowed = |ids, id| match id {
        STOP => ids.len() >= 9,
        id => !(id as usize + ids.len()).is_multiple_of(3),
    };
    // After each multiple of seven comes a fixed text.
    let fixed: Allowed = |ids, id| {
        let since = ids.iter().rev().position(|id| id % 7 == 0);
        match since {
            Some(n @ 0..3) => id == [8, 11, 12][n],
            _ => id != STOP || ids.len() >= 12,
        }
    };
    // Noticed late, and the fault of an early token.
    let late: Verdict = |ids, _| match ids {
        [_, _, third, ..] if ids.len() >= 7 && third % 4 != 0 => TextVerdict::Impossible { kept: 2 },
        _ => POSSIBLE,
    };
    // Noticed at once, and never with certain endings.
    let early: Verdict = |ids, ended| match (ids.iter().position(|id| id % 5 == 1), ids) {
        (Some(kept), _) => TextVerdict::Impossible { kept },
        (None, [.., last]) if ended && last % 2 == 0 => TextVerdict::Impossible { kept: ids.len() },
        _ => POSSIBLE,
    };
    for architecture in [Architecture::Llama, Architecture::Qwen3] {
        let base = decoder(architecture, true);
        let model = Model::new(&base, None);
        for seed in 0..6 {
            let prompt: Vec<u32> = (0..12).map(|i| (i % 4 * 7 + seed * 5 + 3) % VOCAB).collect();
            for (allowed, forces) in [(parity, false), (fixed, true)] {
                for verdict in [late, early] {
                    let wanted = searched(model, &prompt, 40, allowed, verdict).unwrap();
                    let mut rules = Rules { forces, ..Rules::new(allowed, verdict) };
                    let got = generate_within(model, &prompt, &limits(40), &mut rules, |_| true).unwrap();
                    assert_eq!(got, wanted, "{architecture:?}, seed {seed}, forces {forces}");
                    assert!(got.ids.len() == 40 || got.reason == StopReason::StopToken);
                    assert_eq!(rules.ids, got.ids, "the constraint has the same text");
                }
            }
        }
    }
}

#[test]
fn what_nothing_leads_to_is_refused_and_a_near_limit_is_ended() {
    let base = decoder(Architecture::Llama, false);
    let model = Model::new(&base, None);
    let run =
        |mut rules: Rules, most| generate_within(model, &[3, 9, 27], &limits(most), &mut rules, |_| true).unwrap();
    let nothing = run(Rules::new(|_, _| false, |_, _| POSSIBLE), 20);
    assert_eq!(nothing, Generated { ids: Vec::new(), reason: StopReason::Refused });
    let never = run(Rules::new(|_, _| true, |ids, _| TextVerdict::Impossible { kept: ids.len() / 2 }), 20);
    assert_eq!(never.reason, StopReason::Refused);
    let endless: Allowed = |_, id| id != STOP;
    assert_eq!(run(Rules::new(endless, |_, _| POSSIBLE), 20).reason, StopReason::Length);
    let ended = run(Rules { ending: Some(vec![7, 8]), ..Rules::new(endless, |_, _| POSSIBLE) }, 20);
    assert_eq!((&ended.ids[16..], ended.reason), (&[7, 8][..], StopReason::StopToken));
    let too_long = run(Rules { ending: Some(vec![7; 5]), ..Rules::new(endless, |_, _| POSSIBLE) }, 20);
    assert_eq!((too_long.ids.len(), too_long.reason), (20, StopReason::Length));
}
