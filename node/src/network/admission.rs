//! The Noise handshake, which only keys of validators survive.
//!
//! The check is part of the upgrade, so a stranger's connection ends before a multiplexer or any protocol exists on
//! it: all it learns is this node's public key.

use futures::{AsyncRead, AsyncWrite, future::BoxFuture};
use libp2p::core::UpgradeInfo;
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use libp2p::{PeerId, noise};
use prometheus_client::metrics::counter::Counter;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Noise XX for the keys in a list.
#[derive(Clone)]
pub(super) struct Admission {
    pub(super) noise: noise::Config,
    pub(super) admitted: Arc<BTreeSet<PeerId>>,
    pub(super) refused: Counter,
}

/// Why a connection has no peer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdmissionError {
    #[error(transparent)]
    Noise(#[from] noise::Error),
    #[error("the key is no validator's")]
    Stranger,
}

impl Admission {
    fn admit<T>(&self, upgraded: (PeerId, T)) -> Result<(PeerId, T), AdmissionError> {
        if !self.admitted.contains(&upgraded.0) {
            self.refused.inc();
            return Err(AdmissionError::Stranger);
        }
        Ok(upgraded)
    }
}

impl UpgradeInfo for Admission {
    type Info = <noise::Config as UpgradeInfo>::Info;
    type InfoIter = <noise::Config as UpgradeInfo>::InfoIter;

    fn protocol_info(&self) -> Self::InfoIter {
        self.noise.protocol_info()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> InboundConnectionUpgrade<T> for Admission {
    type Output = (PeerId, noise::Output<T>);
    type Error = AdmissionError;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, socket: T, info: Self::Info) -> Self::Future {
        Box::pin(async move { self.admit(self.noise.clone().upgrade_inbound(socket, info).await?) })
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<T> for Admission {
    type Output = (PeerId, noise::Output<T>);
    type Error = AdmissionError;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, socket: T, info: Self::Info) -> Self::Future {
        Box::pin(async move { self.admit(self.noise.clone().upgrade_outbound(socket, info).await?) })
    }
}
