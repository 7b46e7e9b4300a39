//! Which problem each refusal of the custodian is.

use super::problem::{Code, Problem};
use super::sessions::SessionError;
use crate::custodian::{
    AcceptError, AnswerError, DecideError, EnrolError, GrantError, LinkError, LogError, NotAnMrn, OpenError,
    RequestError, RevokeError, Unavailable,
};
use amanah_fhir::consult::ConsultError;
use amanah_ledger::document::{NotEnforceable, TooLongForPurpose};
use amanah_ledger::exchange::ExchangeError;
use amanah_ledger::preset::SelectionError;
use amanah_ledger::sentence::SentenceError;

impl From<Unavailable> for Problem {
    fn from(e: Unavailable) -> Self {
        match e {
            Unavailable::Busy => Code::Busy.into(),
            Unavailable::Stopped => Code::Stopped.into(),
            Unavailable::ClockUnconfirmed => Code::ClockUnconfirmed.into(),
        }
    }
}

impl From<EnrolError> for Problem {
    fn from(e: EnrolError) -> Self {
        match e {
            EnrolError::AlreadyLinked => Code::AlreadyLinked.into(),
            EnrolError::Open(OpenError::Full | OpenError::NoRandomness(_)) => Code::Busy.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(e: LinkError) -> Self {
        match e {
            LinkError::Code(_) => Code::CodeNotOpen.into(),
            LinkError::MrnLinked => Code::MrnLinked.into(),
            LinkError::Full => Code::Busy.into(),
        }
    }
}

impl From<NotAnMrn> for Problem {
    fn from(_: NotAnMrn) -> Self {
        Code::MrnNotUnderstood.into()
    }
}

impl From<GrantError> for Problem {
    fn from(e: GrantError) -> Self {
        match e {
            GrantError::NotLinked => Code::NotLinked.into(),
            GrantError::SubmitBy | GrantError::NotNext => Self::with_detail(Code::GrantNotApplicable, e),
            GrantError::Revoked => Code::AlreadyRevoked.into(),
            GrantError::EarlierPending => Code::EarlierPending.into(),
            GrantError::TooMany => Code::TooManyConsents.into(),
            GrantError::Busy => Code::Busy.into(),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(e: RequestError) -> Self {
        match e {
            RequestError::NotLinked => Code::PatientUnknown.into(),
            RequestError::TooLong => Self::with_detail(Code::NotEnforceable, e),
            RequestError::Over => Code::PeriodNotSane.into(),
            RequestError::TooManyOpen => Code::TooManyRequests.into(),
            RequestError::Busy => Code::Busy.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(e: AnswerError) -> Self {
        match e {
            AnswerError::NotFound => Code::RequestUnknown.into(),
            AnswerError::Ended(_) => Code::RequestEnded.into(),
            AnswerError::Beyond(_) => Self::with_detail(Code::BeyondRequest, e),
            AnswerError::Grant(e) => e.into(),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(e: RevokeError) -> Self {
        match e {
            RevokeError::NotARevocation => Code::NotARevocation.into(),
            RevokeError::DoesNotOpen => Code::ProofDoesNotOpen.into(),
            RevokeError::Busy => Code::Busy.into(),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(e: DecideError) -> Self {
        match e {
            DecideError::Unknown => Code::PatientUnknown.into(),
            DecideError::TooMuch => Self::with_detail(Code::RequestNotUnderstood, e),
        }
    }
}

impl From<LogError> for Problem {
    fn from(e: LogError) -> Self {
        match e {
            LogError::NotLinked => Code::NotLinked.into(),
            LogError::RootUnknown => Code::RootUnknown.into(),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(e: AcceptError) -> Self {
        match e {
            AcceptError::NotLinked => Code::NotLinked.into(),
            AcceptError::Differs => Code::AcceptanceDiffers.into(),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(e: SessionError) -> Self {
        match e {
            SessionError::Full => Code::TooMany.into(),
            SessionError::NoRandomness(_) => Code::Busy.into(),
        }
    }
}

impl From<ExchangeError> for Problem {
    fn from(e: ExchangeError) -> Self {
        match e {
            ExchangeError::Signature | ExchangeError::Key(_) => Self::with_detail(Code::SignatureWrong, e),
            ExchangeError::Elsewhere | ExchangeError::Mismatch(_) => Self::with_detail(Code::NotThisConsent, e),
        }
    }
}

impl From<NotEnforceable> for Problem {
    fn from(e: NotEnforceable) -> Self {
        match &e {
            NotEnforceable::Period => Code::PeriodNotSane.into(),
            NotEnforceable::Format(_)
            | NotEnforceable::TooLong(_)
            | NotEnforceable::NotActive(_)
            | NotEnforceable::Vocabulary
            | NotEnforceable::Code(_)
            | NotEnforceable::Category { .. }
            | NotEnforceable::Name
            | NotEnforceable::Version
            | NotEnforceable::Nesting
            | NotEnforceable::Order(_)
            | NotEnforceable::Class(_)
            | NotEnforceable::Unbounded(_)
            | NotEnforceable::SupersedesItself => Self::with_detail(Code::NotEnforceable, e),
        }
    }
}

impl From<SentenceError> for Problem {
    fn from(e: SentenceError) -> Self {
        Self::with_detail(Code::SentenceDiffers, e)
    }
}

impl From<TooLongForPurpose> for Problem {
    fn from(e: TooLongForPurpose) -> Self {
        Self::with_detail(Code::TooLong, e)
    }
}

impl From<ConsultError> for Problem {
    fn from(e: ConsultError) -> Self {
        let code = match e {
            ConsultError::Form(_) | ConsultError::Parameter(_) => Code::BodyNotUnderstood,
            ConsultError::Patient => Code::PatientUnknown,
            ConsultError::Asker => Code::RequesterUnknown,
            ConsultError::Purpose
            | ConsultError::Scope
            | ConsultError::Data
            | ConsultError::TooMuch
            | ConsultError::Consents => Code::RequestNotUnderstood,
        };
        Self::with_detail(code, e)
    }
}

impl From<SelectionError> for Problem {
    fn from(e: SelectionError) -> Self {
        match e {
            SelectionError::Unknown(_) | SelectionError::Empty => Self::with_detail(Code::RequestNotUnderstood, e),
        }
    }
}
