//! Canonical bytes: one value has one encoding, and nothing else decodes.
//!
//! Encoding is bincode 2 with fixed-width little-endian integers. Decoding checks the length of the input before
//! anything else, bounds every allocation, consumes every byte and compares the re-encoding with the input, so two
//! different byte strings never mean the same value. Signed and hashed things use this module and no other encoder.

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::de::{BorrowDecode, BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError as BincodeError, EncodeError};
use bincode::{Decode, Encode};

/// No canonical value is longer than this; callers pass tighter bounds of their own.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

const CONFIG: Configuration<LittleEndian, Fixint, Limit<BYTES_MAX>> =
    bincode::config::standard().with_fixed_int_encoding().with_limit::<BYTES_MAX>();

/// Why bytes are not a canonical value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input is longer than the caller allows.
    #[error("{bytes} bytes, at most {bytes_max} allowed")]
    TooLong {
        /// Length of the input.
        bytes: usize,
        /// The caller's bound.
        bytes_max: usize,
    },
    /// The bytes do not describe a value of the type, or describe one beyond its bounds.
    #[error("not a value of this type")]
    Malformed,
    /// Bytes are left over behind the value.
    #[error("{left} bytes left over behind the value")]
    Trailing {
        /// How many.
        left: usize,
    },
    /// The value has another, canonical encoding.
    #[error("not the canonical encoding of its value")]
    NotCanonical,
}

/// The canonical bytes of `value`.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, bincode::config::standard().with_fixed_int_encoding())
        .expect("canonical types have no encoding that fails: no i/o, no foreign serializer")
}

/// Decodes a value of at most `bytes_max` bytes.
///
/// # Errors
/// When the input is too long, malformed, has bytes left over or is not canonical.
pub fn decode<T: Decode<()> + Encode>(bytes: &[u8], bytes_max: usize) -> Result<T, DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooLong { bytes: bytes.len(), bytes_max });
    }
    let (value, used): (T, usize) = match bincode::decode_from_slice(bytes, CONFIG) {
        Ok(decoded) => decoded,
        Err(_reason) => return Err(DecodeError::Malformed),
    };
    if used != bytes.len() {
        return Err(DecodeError::Trailing { left: bytes.len() - used });
    }
    if encode(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// A list of at most `MAX` items; the bound is checked before anything is allocated. Length is a `u32`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoundedVec<T, const MAX: usize>(Vec<T>);

/// Text of at most `MAX` bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BoundedString<const MAX: usize>(String);

/// More items or bytes than the type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{len} is more than the {max} allowed")]
pub struct TooMany {
    /// What was asked for.
    pub len: usize,
    /// What the type holds.
    pub max: usize,
}

impl<T, const MAX: usize> BoundedVec<T, MAX> {
    /// The empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    /// The items as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
    /// Gives the items up.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for BoundedVec<T, MAX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const MAX: usize> std::ops::Deref for BoundedVec<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for BoundedVec<T, MAX> {
    type Error = TooMany;
    fn try_from(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MAX {
            return Err(TooMany { len: items.len(), max: MAX });
        }
        Ok(Self(items))
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a BoundedVec<T, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<const MAX: usize> BoundedString<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<&str> for BoundedString<MAX> {
    type Error = TooMany;
    fn try_from(text: &str) -> Result<Self, TooMany> {
        if text.len() > MAX {
            return Err(TooMany { len: text.len(), max: MAX });
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> std::fmt::Display for BoundedString<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn encode_len<E: Encoder>(len: usize, encoder: &mut E) -> Result<(), EncodeError> {
    u32::try_from(len).map_err(|_too_long| EncodeError::Other("longer than u32"))?.encode(encoder)
}

fn decode_len<D: Decoder>(max: usize, decoder: &mut D) -> Result<usize, BincodeError> {
    let len = u32::decode(decoder)? as usize;
    if len > max {
        return Err(BincodeError::LimitExceeded);
    }
    Ok(len)
}

impl<T: Encode, const MAX: usize> Encode for BoundedVec<T, MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encode_len(self.0.len(), encoder)?;
        self.0.iter().try_for_each(|item| item.encode(encoder))
    }
}

impl<C, T: Decode<C>, const MAX: usize> Decode<C> for BoundedVec<T, MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let len = decode_len(MAX, decoder)?;
        // Not `with_capacity(len)`: a short input must not reserve what it only announces.
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(T::decode(decoder)?);
        }
        Ok(Self(items))
    }
}

impl<'de, C, T: BorrowDecode<'de, C>, const MAX: usize> BorrowDecode<'de, C> for BoundedVec<T, MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let len = decode_len(MAX, decoder)?;
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(T::borrow_decode(decoder)?);
        }
        Ok(Self(items))
    }
}

impl<const MAX: usize> Encode for BoundedString<MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encode_len(self.0.len(), encoder)?;
        bincode::enc::write::Writer::write(encoder.writer(), self.0.as_bytes())
    }
}

impl<C, const MAX: usize> Decode<C> for BoundedString<MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let len = decode_len(MAX, decoder)?;
        decoder.claim_bytes_read(len)?;
        let mut bytes = vec![0; len];
        bincode::de::read::Reader::read(decoder.reader(), &mut bytes)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self(text)),
            Err(_not_utf8) => Err(BincodeError::Other("not utf-8")),
        }
    }
}

impl<'de, C, const MAX: usize> BorrowDecode<'de, C> for BoundedString<MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests;
