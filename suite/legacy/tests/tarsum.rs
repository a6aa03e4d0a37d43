//! TarSum, held against the sums that Docker published with it and against an implementation in Go.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archives;

use std::fs;
use std::path::{Path, PathBuf};

use archives::{File, archive, random};
use assize_legacy::tarsum::{TarError, TarSum, TarSumError, TarSumHasher, Version};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

fn vectors<V: for<'v> Deserialize<'v>>(file: &str) -> V {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors");
    toml::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn sum(version: Version, archive: &[u8]) -> Result<TarSum, TarSumError> {
    sum_with(version, archive, &[])
}

fn sum_with(version: Version, archive: &[u8], besides: &[u8]) -> Result<TarSum, TarSumError> {
    let mut hasher = TarSumHasher::new(version);
    hasher.update(archive)?;
    hasher.finish_with(besides)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    described: Vec<Described>,
    kept_elsewhere: Vec<KeptElsewhere>,
}

/// An archive that is described file by file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    sum: String,
    #[serde(default)]
    file: Vec<File>,
}

/// An archive that Docker's repository holds, with the JSON beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptElsewhere {
    archive: PathBuf,
    json: PathBuf,
    sum: String,
}

#[test]
fn archives_that_are_described_have_the_sums_that_docker_published() {
    for vector in vectors::<Published>("tarsum.toml").described {
        let expected = vector.sum.parse::<TarSum>().unwrap();
        assert_eq!(sum(expected.version(), &archive(&vector.file)), Ok(expected));
    }
}

/// Names the folder `pkg/tarsum/testdata` of Docker's sources.
const ELSEWHERE: &str = "ASSIZE_TARSUM_TESTDATA";

#[test]
fn archives_of_docker_have_the_sums_that_docker_published() {
    let Some(folder) = std::env::var_os(ELSEWHERE).map(PathBuf::from) else {
        println!("skipped: {ELSEWHERE} names no folder");
        return;
    };
    for vector in vectors::<Published>("tarsum.toml").kept_elsewhere {
        let read = |path| fs::read(folder.join(path)).unwrap();
        let expected = vector.sum.parse::<TarSum>().unwrap();
        let found = sum_with(expected.version(), &read(vector.archive), &read(vector.json));
        assert_eq!(found, Ok(expected));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    archive: Vec<ConfirmedSums>,
}

/// What the implementation in Go says of a random archive.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmedSums {
    number: u64,
    sha256: String,
    sums: [String; 2],
}

#[test]
fn two_hundred_random_archives_have_the_sums_that_go_gives_them() {
    let confirmed = vectors::<Confirmed>("tarsum-random.toml").archive;
    assert_eq!(confirmed.len(), 200);
    for vector in confirmed {
        let archive = random(vector.number);
        let digest = Sha256::digest(&archive);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, vector.sha256, "archive {} is another one", vector.number);
        for expected in vector.sums {
            let expected = expected.parse::<TarSum>().unwrap();
            let found = sum(expected.version(), &archive);
            assert_eq!(found, Ok(expected), "archive {}", vector.number);
        }
    }
}

#[test]
#[ignore = "writes the random archives into a folder, for another implementation to sum up"]
fn write_the_random_archives() {
    let folder = PathBuf::from(std::env::var_os("ASSIZE_RANDOM_ARCHIVES").unwrap());
    for number in 0..200 {
        fs::write(folder.join(format!("{number:03}.tar")), random(number)).unwrap();
    }
}

#[test]
fn the_version_in_development_differs_in_its_name_alone() {
    for number in 0..20 {
        let archive = random(number);
        let [one, development] = [Version::One, Version::Development].map(|version| {
            let sum = sum(version, &archive).unwrap();
            sum.as_str().split_once('+').unwrap().1.to_owned()
        });
        assert_eq!(one, development);
    }
}

fn named(name: &str, content: &str) -> File {
    File {
        name: name.to_owned(),
        content: content.to_owned(),
        kind: Some('0'),
        ..File::default()
    }
}

#[test]
fn the_order_of_files_does_not_count_but_that_of_files_of_one_path_does() {
    let of = |files: &[File]| sum(Version::One, &archive(files)).unwrap();
    let [a, b, c] = [named("a", "1"), named("b", "2"), named("./a", "3")];
    assert_eq!(of(&[a.clone(), b.clone()]), of(&[b, a.clone()]));
    assert_ne!(of(&[a.clone(), c.clone()]), of(&[c, a]));
}

#[test]
fn a_path_twice_among_many_files_is_summed_where_everybody_agrees_and_refused_elsewhere() {
    let others = (0..10).map(|at| named(&format!("other{at}"), ""));
    let twice = [named("a", "1"), named("a", "2")];
    let [mut one, mut other] = [others.clone().collect::<Vec<_>>(), others.collect()];
    one.extend(twice.iter().cloned());
    other.extend(twice.iter().rev().cloned());
    let sums = [one, other].map(|files| sum(Version::One, &archive(&files)));
    assert!(sums.contains(&Err(TarSumError::PathTwice)));
    assert!(sums.iter().any(Result::is_ok));
}

#[test]
fn what_is_no_archive_has_no_sum() {
    let whole = archive(&[named("a", "1")]);
    for cut in [1, 511, 512, 513, 1023, 1025, 1535, 1537] {
        let refused = sum(Version::One, &whole[..cut]);
        assert_eq!(refused, Err(TarSumError::Tar(TarError::CutOff)), "{cut}");
    }
    assert!(
        sum(Version::One, &whole[..1024]).is_ok(),
        "the end need not be said"
    );
    let mut wrong = whole;
    wrong[0] ^= 1;
    assert_eq!(
        sum(Version::One, &wrong),
        Err(TarSumError::Tar(TarError::Checksum))
    );
    let mut sparse = archive(&[]);
    sparse.splice(
        0..0,
        archive(&[File {
            kind: Some('S'),
            ..File::default()
        }]),
    );
    assert_eq!(
        sum(Version::One, &sparse),
        Err(TarSumError::Tar(TarError::Sparse))
    );
}

proptest! {
    #[test]
    fn it_makes_no_difference_in_what_pieces_an_archive_comes(number in 0..200_u64, piece in 1..2000_usize) {
        let archive = random(number);
        let mut hasher = TarSumHasher::new(Version::One);
        for piece in archive.chunks(piece) {
            hasher.update(piece).unwrap();
        }
        prop_assert_eq!(hasher.finish(), sum(Version::One, &archive));
    }

    #[test]
    fn what_is_behind_the_end_does_not_count(number in 0..200_u64, behind in prop::collection::vec(any::<u8>(), 0..600)) {
        let archive = random(number);
        let longer = [archive.as_slice(), &behind].concat();
        prop_assert_eq!(sum(Version::One, &longer), sum(Version::One, &archive));
    }

    #[test]
    fn no_bytes_whatever_cause_a_panic(number in 0..50_u64, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut archive = random(number);
        let at = at.index(archive.len());
        archive[at] = byte;
        drop(sum(Version::Zero, &archive));
    }
}
