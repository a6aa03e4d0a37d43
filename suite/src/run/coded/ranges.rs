//! What a transcript cannot say of ranges: the parts that come for several, their order, how much of them there may be, and
//! whether a refusal comes whole.

use std::ops::RangeInclusive;

use super::byteranges::{Malformed, RangePart, is_multipart, parts};
use super::{Actor, Coded, NotReached};
use crate::check::describe;
use crate::run::interpret::requests::plain;
use crate::scenario::{CodedCheck, CodedScenario, Weight};
use crate::values::Content;
use crate::wire::{Answer, Exchange};

/// The size of the blob.
const SIZE: u64 = 16_000;
/// Three ranges that lie too far from each other to be joined, in no order of their positions.
const APART: [RangeInclusive<u64>; 3] = [12_000..=12_099, 100..=199, 6_000..=6_099];
/// How many ranges overlap each other.
const MANY: usize = 1000;
/// How often the size of the blob is a few times.
const A_FEW_TIMES: u64 = 4;

static FITTING_PARTS: CodedCheck = CodedCheck::new(
    "range.multipart-headers",
    "parts, each with a Content-Range that fits its bytes",
    line!(),
);
static NOT_TOO_MUCH: CodedCheck = CodedCheck::new(
    "range.many-ranges-bounded",
    "at most 4 times the blob's 16000 bytes",
    line!(),
);
static WHOLE_REFUSAL: CodedCheck =
    CodedCheck::new("range.416-whole", "as many bytes as Content-Length says", line!());
static PARTS_IN_ORDER: CodedCheck = CodedCheck::new(
    "range.multipart-order",
    "the parts in the order of the ranges",
    line!(),
);

/// The scenarios.
pub(super) const SCENARIOS: &[Coded] = &[
    Coded {
        scenario: CodedScenario {
            name: "pull/ranges-in-parts",
            title: "Parts come whole and in the order in which they were asked for, and a thousand of them are not sent",
            needs: &["push", "range"],
            weight: Weight::Usual,
            checks: &[&FITTING_PARTS, &PARTS_IN_ORDER, &NOT_TOO_MUCH],
        },
        follow: |actor| Box::pin(ranges_in_parts(actor)),
    },
    Coded {
        scenario: CodedScenario {
            name: "pull/range-refused",
            title: "The answer that refuses a range comes whole",
            needs: &["push", "range"],
            weight: Weight::Usual,
            checks: &[&WHOLE_REFUSAL],
        },
        follow: |actor| Box::pin(range_refused(actor)),
    },
];

async fn ranges_in_parts(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(SIZE);
    actor.given(&repository, &blob, &[]).await?;
    let place = actor.blob_at(&repository, &blob.digest());

    let mut request = plain("GET", place.clone(), None);
    request.headers.set("Range", &field(&APART));
    let answered = actor.send(request).await;
    // The whole blob, or one of the ranges, is an answer in which nothing has an order.
    if let Some(read) = answered.outcome.as_ref().ok().and_then(several) {
        let fit = read.and_then(|parts| fitting(parts, &blob));
        actor.judge(
            &FITTING_PARTS,
            fit.as_ref().err().map(|Malformed(why)| why.clone()),
            &answered,
        );
        if let Some(order) = fit
            .ok()
            .map(|parts| order(&parts))
            .filter(|order| order.len() > 1)
        {
            actor.judge(
                &PARTS_IN_ORDER,
                (!order.is_sorted()).then(|| in_the_order(&order)),
                &answered,
            );
        }
    }

    let mut request = plain("GET", place, None);
    request.headers.set("Range", &overlapping());
    let answered = actor.send(request).await;
    actor.judge(&NOT_TOO_MUCH, without_bound(&answered), &answered);
    Ok(())
}

async fn range_refused(actor: &mut Actor) -> Result<(), NotReached> {
    let repository = actor.repository()?;
    let blob = actor.maker().random(SIZE);
    actor.given(&repository, &blob, &[]).await?;
    let mut request = plain("GET", actor.blob_at(&repository, &blob.digest()), None);
    request.headers.set("Range", &format!("bytes={SIZE}-"));
    let answered = actor.send(request).await;
    // Any other answer is told elsewhere.
    if let Some(answer) = answered
        .outcome
        .as_ref()
        .ok()
        .filter(|answer| answer.status == 416)
    {
        let cut = answer.cut.as_ref();
        actor.judge(
            &WHOLE_REFUSAL,
            cut.map(|fault| format!("{}, {fault}", describe::status(answer))),
            &answered,
        );
    }
    Ok(())
}

/// The value of a `Range` that asks for these.
fn field(ranges: &[RangeInclusive<u64>]) -> String {
    let specs: Vec<String> = ranges
        .iter()
        .map(|range| format!("{}-{}", range.start(), range.end()))
        .collect();
    format!("bytes={}", specs.join(","))
}

/// A thousand ranges, each to the end of the blob, in no more text than a usual server reads.
fn overlapping() -> String {
    let specs: Vec<String> = (0..MANY).map(|first| format!("{first}-")).collect();
    format!("bytes={}", specs.join(","))
}

/// The parts of an answer, if it says that it has some.
fn several(answer: &Answer) -> Option<Result<Vec<RangePart>, Malformed>> {
    let content_type = answer.headers.get("Content-Type").unwrap_or_default();
    (answer.status == 206 && is_multipart(content_type)).then(|| parts(content_type, &answer.body.bytes()))
}

/// These parts, if each of them is what it says of a blob.
fn fitting(parts: Vec<RangePart>, blob: &Content) -> Result<Vec<RangePart>, Malformed> {
    for (part, number) in parts.iter().zip(1..) {
        if part.whole.is_some_and(|whole| whole != blob.size()) {
            let (said, size) = (part.whole.unwrap_or_default(), blob.size());
            return Err(Malformed(format!(
                "part {number} says that the blob has {said} bytes; it has {size}"
            )));
        }
        let first = *part.place.start();
        let of_blob = blob.part(first, first.saturating_add(part.bytes.len() as u64));
        if of_blob.bytes() != part.bytes {
            let (first, last) = part.place.clone().into_inner();
            return Err(Malformed(format!(
                "part {number} says that it is {first}-{last} and brings other bytes"
            )));
        }
    }
    Ok(parts)
}

/// Which of the ranges each part brings. What joins several has no place in the order, nor has what none asked for.
fn order(parts: &[RangePart]) -> Vec<usize> {
    let touches = |part: &RangePart, range: &RangeInclusive<u64>| {
        part.place.start() <= range.end() && range.start() <= part.place.end()
    };
    let brought = parts.iter().filter_map(|part| {
        let mut touched = (0..APART.len()).filter(|at| touches(part, &APART[*at]));
        touched.next().filter(|_| touched.next().is_none())
    });
    brought.collect()
}

fn in_the_order(order: &[usize]) -> String {
    let ranges: Vec<RangeInclusive<u64>> = order.iter().map(|at| APART[*at].clone()).collect();
    format!("{} for {}", field(&ranges), field(&APART))
}

/// What came that was too much, or why nothing came.
fn without_bound(exchange: &Exchange) -> Option<String> {
    match &exchange.outcome {
        Ok(answer) if answer.body.len() <= A_FEW_TIMES * SIZE => None,
        Ok(answer) => {
            let length = answer.body.len();
            Some(format!("{}, {length} bytes", describe::exchange(exchange)))
        }
        Err(_) => Some(describe::exchange(exchange)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(place: RangeInclusive<u64>, blob: &Content) -> RangePart {
        let bytes = blob.part(*place.start(), place.end() + 1).bytes();
        RangePart {
            place,
            whole: Some(SIZE),
            bytes,
        }
    }

    #[test]
    fn joined_parts_and_strange_ones_have_no_place_in_the_order() {
        let blob = Content::blob(vec![b'a'; SIZE as usize]);
        let came = |places: &[RangeInclusive<u64>]| {
            order(
                &places
                    .iter()
                    .map(|place| part(place.clone(), &blob))
                    .collect::<Vec<RangePart>>(),
            )
        };
        assert_eq!(came(&APART), [0, 1, 2]);
        assert_eq!(came(&[100..=199, 6_000..=6_099, 12_000..=12_099]), [1, 2, 0]);
        assert_eq!(came(&[100..=6_099, 12_000..=12_099]), [0]);
        assert_eq!(came(&[5..=9, 0..=300]), [1]);
    }

    #[test]
    fn a_part_has_to_be_what_it_says() {
        let bytes: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
        let blob = Content::blob(bytes);
        let good = part(100..=199, &blob);
        assert!(fitting(vec![good.clone()], &blob).is_ok());
        for bad in [
            RangePart {
                place: 101..=200,
                ..good.clone()
            },
            RangePart {
                place: SIZE..=SIZE + 99,
                whole: None,
                ..good.clone()
            },
            RangePart {
                whole: Some(SIZE + 1),
                ..good
            },
        ] {
            assert!(fitting(vec![bad.clone()], &blob).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_thousand_ranges_fit_into_eight_kilobytes() {
        assert!(overlapping().len() < 6000);
    }
}
