//! Who a document speaks about: members, practitioners, and parties for which there is room.

use crate::codec::BoundedString;
use crate::member::{DISPLAY_BYTES_MAX, MemberId, MemberName, is_member_name};
use bincode::{Decode, Encode};

/// Longest practitioner handle, in bytes: the part before `@`.
pub const HANDLE_BYTES_MAX: usize = 48;

/// A practitioner's name at their hospital, for example `dr.haddad`.
pub type Handle = BoundedString<HANDLE_BYTES_MAX>;
/// A name for people.
pub type Display = BoundedString<DISPLAY_BYTES_MAX>;

/// A member as a document names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct MemberRef {
    /// Its identity; the names are for people.
    pub id: MemberId,
    /// For example `cedar`.
    pub name: MemberName,
    /// For example `Cedar General Hospital`.
    pub display: Display,
}

/// A practitioner of a member as a document names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PractitionerRef {
    /// Where they work.
    pub member: MemberRef,
    /// Their name there: with the member, their identity.
    pub handle: Handle,
    /// For example `Dr. Omar Haddad`.
    pub display: Display,
}

/// Who may or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Actor {
    /// An organisation with all its practitioners.
    Member(MemberRef),
    /// One person.
    Practitioner(PractitionerRef),
    /// Everybody with a role at a member. Not active yet.
    Role(MemberRef, BoundedString<32>),
    /// A care team or viewer group. Not active yet.
    Group(MemberRef, BoundedString<64>),
    /// A device. Not active yet.
    Device(MemberRef, BoundedString<64>),
    /// A software agent: its name and version. Not active yet.
    Agent(MemberRef, BoundedString<64>, BoundedString<32>),
}

/// Whether `handle` may name a practitioner: lower-case ASCII letters, digits, `.`, `-` and `_`, beginning with a letter.
pub fn is_handle(handle: &str) -> bool {
    handle.len() <= HANDLE_BYTES_MAX
        && handle.starts_with(|c: char| c.is_ascii_lowercase())
        && handle.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))
}

/// Whether a name for people can stand inside a sentence without saying something else: no control or direction
/// characters, nothing that ends or quotes a phrase, no spaces at the ends or side by side.
pub fn is_display(text: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let phrase = |c: char| matches!(c, ';' | ':' | '"' | '“' | '”' | '(' | ')' | '\u{a0}' | '|');
    !text.is_empty()
        && text.len() <= DISPLAY_BYTES_MAX
        && text.trim() == text
        && !text.contains("  ")
        && !text.chars().any(|c| hidden(c) || phrase(c))
}

impl MemberRef {
    /// Whether the names have the form that names must have.
    pub fn is_well_formed(&self) -> bool {
        is_member_name(self.name.as_str()) && is_display(self.display.as_str())
    }
}

impl PractitionerRef {
    /// Whether the names have the form that names must have.
    pub fn is_well_formed(&self) -> bool {
        self.member.is_well_formed() && is_handle(self.handle.as_str()) && is_display(self.display.as_str())
    }
}

impl Actor {
    /// The member it is, or belongs to.
    pub fn member(&self) -> &MemberRef {
        match self {
            Self::Practitioner(practitioner) => &practitioner.member,
            Self::Member(member)
            | Self::Role(member, _)
            | Self::Group(member, _)
            | Self::Device(member, _)
            | Self::Agent(member, _, _) => member,
        }
    }
}
