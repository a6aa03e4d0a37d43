//! Archives made for these tests: from a description of their files, and at random from a number.

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The form of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    V7,
    #[default]
    Posix,
    Gnu,
}

/// A file of an archive.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) form: Form,
    pub(crate) name: String,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: u64,
    /// The kind as one letter; none is the zero byte.
    pub(crate) kind: Option<char>,
    pub(crate) link: String,
    pub(crate) user: String,
    pub(crate) group: String,
    pub(crate) device: (u64, u64),
    pub(crate) content: String,
    /// The content is zeros, so many.
    pub(crate) zeros: usize,
    #[serde(skip)]
    pub(crate) bytes: Vec<u8>,
    #[serde(skip)]
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

impl File {
    fn body(&self) -> Vec<u8> {
        match (self.zeros, self.content.as_str()) {
            (0, "") => self.bytes.clone(),
            (0, content) => content.as_bytes().to_vec(),
            (zeros, _) => vec![0; zeros],
        }
    }
}

/// The archive of some files, with the two blocks that end it.
pub(crate) fn archive(files: &[File]) -> Vec<u8> {
    let mut archive = Vec::new();
    for file in files {
        write(&mut archive, file);
    }
    archive.extend([0; 1024]);
    archive
}

/// What does not fit in a header stands before it, as its form has it.
fn write(archive: &mut Vec<u8>, file: &File) {
    let body = file.body();
    let mut block = [0; 512];
    let mut records = Vec::new();
    let long = |field: &str| field.len() > 100;
    let (mut prefix, mut name) = ("", file.name.as_str());
    match file.form {
        Form::Posix => {
            let cut = name
                .rfind('/')
                .filter(|cut| *cut <= 155 && name.len() - cut <= 100 && *cut > 0);
            match cut.filter(|cut| long(name) && *cut + 1 < name.len()) {
                Some(cut) => (prefix, name) = (&name[..cut], &name[cut + 1..]),
                None if long(name) => {
                    record(&mut records, "path", name.as_bytes());
                    name = &name[..100];
                }
                None => {}
            }
            if long(&file.link) {
                record(&mut records, "linkpath", file.link.as_bytes());
            }
            for (key, value) in [("uid", file.uid), ("gid", file.gid)] {
                if value >= 1 << 21 {
                    record(&mut records, key, value.to_string().as_bytes());
                }
            }
            for (key, value) in &file.attributes {
                record(&mut records, &format!("SCHILY.xattr.{key}"), value);
            }
        }
        Form::Gnu => {
            for (kind, text) in [(b'L', name), (b'K', &file.link)] {
                if long(text) {
                    let text = [text.as_bytes(), b"\0"].concat();
                    before(archive, kind, "././@LongLink", &text);
                }
            }
            name = &name[..name.len().min(100)];
        }
        Form::V7 => {}
    }
    if !records.is_empty() {
        before(archive, b'x', "PaxHeaders/0", &records);
    }
    put(&mut block[..100], name.as_bytes());
    octal(&mut block[100..108], file.mode);
    let (uid, gid) = (file.uid, file.gid);
    for (field, value) in [(108..116, uid), (116..124, gid)] {
        match file.form {
            _ if value < 1 << 21 => octal(&mut block[field], value),
            Form::Gnu => {
                block[field.start] = 0x80;
                block[field.start + 1..field.end].copy_from_slice(&value.to_be_bytes()[1..]);
            }
            _ => octal(&mut block[field], 0),
        }
    }
    octal(&mut block[124..136], body.len() as u64);
    octal(&mut block[136..148], file.mtime);
    block[156] = file.kind.map_or(0, |kind| u8::try_from(kind).unwrap());
    put(&mut block[157..257], file.link.as_bytes());
    if file.form != Form::V7 {
        let magic: &[u8; 8] = if file.form == Form::Gnu {
            b"ustar  \0"
        } else {
            b"ustar\x0000"
        };
        block[257..265].copy_from_slice(magic);
        put(&mut block[265..297], file.user.as_bytes());
        put(&mut block[297..329], file.group.as_bytes());
        octal(&mut block[329..337], file.device.0);
        octal(&mut block[337..345], file.device.1);
        put(&mut block[345..500], prefix.as_bytes());
    }
    finish(archive, block, &body);
}

fn before(archive: &mut Vec<u8>, kind: u8, name: &str, body: &[u8]) {
    let mut block = [0; 512];
    put(&mut block[..100], name.as_bytes());
    octal(&mut block[124..136], body.len() as u64);
    block[156] = kind;
    let magic: &[u8; 8] = if kind == b'x' {
        b"ustar\x0000"
    } else {
        b"ustar  \0"
    };
    block[257..265].copy_from_slice(magic);
    for field in [100..108, 108..116, 116..124, 136..148] {
        octal(&mut block[field], 0);
    }
    finish(archive, block, body);
}

fn finish(archive: &mut Vec<u8>, mut block: [u8; 512], body: &[u8]) {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    octal(&mut block[148..155], sum);
    archive.extend(block);
    archive.extend(body);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = 3 + key.len() + value.len();
    let length = (1..)
        .find(|length: &usize| length.to_string().len() + rest == *length)
        .unwrap();
    records.extend(format!("{length} {key}=").bytes());
    records.extend(value);
    records.push(b'\n');
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

fn octal(field: &mut [u8], value: u64) {
    let width = field.len() - 1;
    put(field, format!("{value:0width$o}").as_bytes());
}

/// From this number on, files have the names of users and groups.
pub(crate) const NAMED: u64 = 100;

/// The random archive of a number.
pub(crate) fn random(number: u64) -> Vec<u8> {
    let mut draw = ChaCha8Rng::seed_from_u64(number);
    let count = if draw.random_ratio(1, 8) {
        draw.random_range(13..40)
    } else {
        draw.random_range(0..12)
    };
    let mut files: Vec<File> = (0..count).map(|at| random_file(&mut draw, number, at)).collect();
    if (2..=6).contains(&count) && draw.random_bool(0.5) {
        let (from, to) = (draw.random_range(0..count), draw.random_range(0..count));
        files[to].name = files[from].name.clone();
        files[to].form = files[from].form;
    }
    archive(&files)
}

fn random_file(draw: &mut ChaCha8Rng, number: u64, at: usize) -> File {
    let form = [Form::V7, Form::Posix, Form::Posix, Form::Gnu][draw.random_range(0..4)];
    let kind = ['0', '0', '0', '5', '2', '1', '3', '4', '6'][draw.random_range(0..9)];
    let mut name = format!("{at}");
    let depth = if form == Form::V7 {
        draw.random_range(0..3)
    } else {
        draw.random_range(0..14)
    };
    for _ in 0..depth {
        let length = draw.random_range(1..20);
        let part: String = (0..length).map(|_| draw.random_range('a'..='z')).collect();
        name = format!("{part}/{name}");
    }
    if draw.random_ratio(1, 4) {
        name = format!("./{name}");
    }
    if kind == '5' {
        name.push('/');
    }
    let mut file = File {
        form,
        name,
        mode: draw.random_range(0..0o10000) + if draw.random_bool(0.3) { 0o100_000 } else { 0 },
        uid: identity(draw, form),
        gid: identity(draw, form),
        mtime: draw.random_range(0..1 << 32),
        kind: Some(kind),
        ..File::default()
    };
    match kind {
        '0' => {
            let most = [1, 600, 5000][draw.random_range(0..3)];
            file.bytes = vec![0; draw.random_range(0..most)];
            draw.fill_bytes(&mut file.bytes);
        }
        '1' | '2' => {
            let most = if form == Form::V7 { 90 } else { 150 };
            file.link = "l".repeat(draw.random_range(1..most));
        }
        '3' | '4' if form != Form::V7 => {
            file.device = (draw.random_range(0..300), draw.random_range(0..300));
        }
        _ => {}
    }
    if form != Form::V7 && number >= NAMED && draw.random_bool(0.7) {
        (file.user, file.group) = (format!("user{}", draw.random_range(0..50)), "staff".to_owned());
    }
    if form == Form::Posix && draw.random_bool(0.5) {
        let mut capability = vec![0; draw.random_range(1..24)];
        draw.fill_bytes(&mut capability);
        let attributes = [
            ("user.note", b"a=b\nc".to_vec()),
            ("security.capability", capability),
            ("user.NOTE", Vec::from(format!("{at}"))),
        ];
        file.attributes = attributes.map(|(key, value)| (key.to_owned(), value)).to_vec();
        file.attributes.truncate(draw.random_range(1..4));
    }
    file
}

fn identity(draw: &mut ChaCha8Rng, form: Form) -> u64 {
    let most = if form == Form::V7 || draw.random_bool(0.7) {
        70_000
    } else {
        1 << 31
    };
    draw.random_range(0..most)
}
