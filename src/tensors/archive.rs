//! Zip archives: their central directory, stored and deflated members. NumPy's `.npz`.

use std::collections::BTreeSet;
use std::io::{Read as _, Write};

use super::data::{Region, range};
use super::{Content, Found, Tensor, npy, torch};

/// What may be unpacked of one archive: a few kilobytes can hold gigabytes.
const UNPACKED: u64 = 8 << 30;

/// Members up to this size are unpacked into memory.
const SMALL: u64 = 64 << 10;

/// A member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    deflated: bool,
    crc: u32,
    /// Where its data are.
    data: std::ops::Range<usize>,
    /// Bytes when unpacked.
    pub(super) size: u64,
}

pub(super) fn read(region: &Region) -> Found<Content> {
    let members = members(region.bytes())?;
    if let Some(pickle) = members.iter().find(|m| m.name == "data.pkl" || m.name.ends_with("/data.pkl")) {
        return Ok(Content::of("PyTorch archive", torch::read(region, &members, pickle)?));
    }
    let mut budget = UNPACKED;
    let mut out: Vec<Tensor> = Vec::new();
    for member in members.iter().filter(|m| !m.name.ends_with('/')) {
        let Some(name) = member.name.strip_suffix(".npy") else {
            return Err(format!(
                "its member '{}' is no array: it is neither an .npz nor a PyTorch archive",
                member.name
            ));
        };
        let inner = member.open(region, &mut budget)?;
        out.push(npy::read(&inner, name).map_err(|e| format!("'{}': {e}", member.name))?);
    }
    Ok(Content::of("npz", out))
}

impl Member {
    /// Its bytes where they lie in the archive, if they are not packed.
    pub(super) fn stored(&self) -> Option<std::ops::Range<usize>> {
        (!self.deflated).then(|| self.data.clone())
    }

    /// Its bytes.
    pub(super) fn open(&self, region: &Region, budget: &mut u64) -> Found<Region> {
        let bytes = &region.bytes()[self.data.clone()];
        if !self.deflated {
            return Ok(region.part(self.data.clone()));
        }
        *budget = budget.checked_sub(self.size).ok_or_else(|| {
            format!(
                "'{}' and the members before it unpack to more than {} GiB; save it without compression (np.savez)",
                self.name,
                UNPACKED >> 30
            )
        })?;
        let wrong = |e: std::io::Error| format!("'{}' can't be unpacked: {e}", self.name);
        // One byte more would show that there are more.
        let mut from = flate2::read::DeflateDecoder::new(bytes).take(self.size + 1);
        let mut crc = flate2::Crc::new();
        let mut copy = |to: &mut dyn Write| -> std::io::Result<()> {
            let mut chunk = vec![0; 64 << 10];
            loop {
                let n = from.read(&mut chunk)?;
                if n == 0 {
                    return Ok(());
                }
                crc.update(&chunk[..n]);
                to.write_all(&chunk[..n])?;
            }
        };
        let out = if self.size <= SMALL {
            let mut room = Vec::new();
            copy(&mut room).map(|()| Region::owned(room)).map_err(wrong)?
        } else {
            Region::unpacked(copy).map_err(wrong)?
        };
        if out.bytes().len() as u64 != self.size || crc.sum() != self.crc {
            return Err(format!("'{}' does not unpack to what the archive says: it is damaged", self.name));
        }
        Ok(out)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The members, in the order of the central directory.
fn members(bytes: &[u8]) -> Found<Vec<Member>> {
    let cut = || "its directory is missing or damaged: the archive is truncated".to_owned();
    let tail = bytes.len().saturating_sub(22 + 65_535);
    let end = memchr::memmem::rfind(&bytes[tail..], b"PK\x05\x06").map(|at| tail + at).ok_or_else(cut)?;
    let mut count = u16_at(bytes, end + 10).ok_or_else(cut)?;
    let mut start = u32_at(bytes, end + 16).ok_or_else(cut)?;
    if let Some(locator) = end.checked_sub(20).filter(|at| bytes[*at..].starts_with(b"PK\x06\x07")) {
        let at = u64_at(bytes, locator + 8).and_then(|at| usize::try_from(at).ok()).ok_or_else(cut)?;
        if bytes.get(at..).is_none_or(|b| !b.starts_with(b"PK\x06\x06")) {
            return Err(cut());
        }
        count = at.checked_add(32).and_then(|at| u64_at(bytes, at)).ok_or_else(cut)?;
        start = at.checked_add(48).and_then(|at| u64_at(bytes, at)).ok_or_else(cut)?;
    }
    let mut at = usize::try_from(start).ok().filter(|at| *at <= bytes.len()).ok_or_else(cut)?;
    let mut out = Vec::new();
    let mut names = BTreeSet::new();
    for _ in 0..count {
        let (member, next) = member(bytes, at)?;
        at = next;
        if !names.insert(member.name.clone()) {
            return Err(format!("it has two members named '{}': it is damaged", member.name));
        }
        out.push(member);
    }
    let mut places: Vec<&Member> = out.iter().filter(|m| !m.data.is_empty()).collect();
    places.sort_by_key(|m| m.data.start);
    if let Some(pair) = places.windows(2).find(|pair| pair[1].data.start < pair[0].data.end) {
        return Err(format!("its members '{}' and '{}' overlap: it is damaged", pair[0].name, pair[1].name));
    }
    Ok(out)
}

/// The member whose entry is here, and where the next entry is.
fn member(bytes: &[u8], at: usize) -> Found<(Member, usize)> {
    let cut = || "an entry of its directory is damaged".to_owned();
    let entry = bytes.get(at..).filter(|b| b.starts_with(b"PK\x01\x02")).ok_or_else(cut)?;
    let word = |at| u16_at(entry, at).and_then(|n| usize::try_from(n).ok()).ok_or_else(cut);
    let long = |at| u32_at(entry, at).ok_or_else(cut);
    let (name_len, extra_len, comment_len) = (word(28)?, word(30)?, word(32)?);
    let name = entry.get(46..46 + name_len).ok_or_else(cut)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let mut extra = entry.get(46 + name_len..46 + name_len + extra_len).ok_or_else(cut)?;
    let (mut packed, mut size, mut local) = (long(20)?, long(24)?, long(42)?);
    // The fields that do not fit are in the extra field of number 1, in this order.
    while let (Some(id), Some(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let len = usize::try_from(len).map_err(|_| cut())?;
        let body = extra.get(4..4 + len).ok_or_else(cut)?;
        if id == 1 {
            let mut at = 0;
            for field in [&mut size, &mut packed, &mut local] {
                if *field == u64::from(u32::MAX) {
                    *field = u64_at(body, at).ok_or_else(cut)?;
                    at += 8;
                }
            }
        }
        extra = &extra[4 + len..];
    }
    if word(8)? & 1 != 0 {
        return Err(format!("its member '{name}' is encrypted; save it without a password"));
    }
    let deflated = match word(10)? {
        0 => false,
        8 => true,
        n => return Err(format!("its member '{name}' is compressed by method {n}; save it stored or deflated")),
    };
    if !deflated && size != packed {
        return Err(format!("the sizes of its member '{name}' contradict each other: it is damaged"));
    }
    let head = usize::try_from(local).ok().and_then(|at| bytes.get(at..)).filter(|b| b.starts_with(b"PK\x03\x04"));
    let head = head.ok_or_else(cut)?;
    let skip = 30 + u16_at(head, 26).ok_or_else(cut)? + u16_at(head, 28).ok_or_else(cut)?;
    let data = range(bytes, local.saturating_add(skip), packed).map_err(|e| format!("'{name}': {e}"))?;
    let crc = u32::try_from(long(16)?).map_err(|_| cut())?;
    Ok((Member { name, deflated, crc, data, size }, at + 46 + name_len + extra_len + comment_len))
}
