//! A patient as the hospital knows one: enrolled, linked at the desk, signed in.

use super::super::api::Trouble;
use super::{PATIENCE, Patient, now};
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::exchange::{Enrolment, Login};
use serde_json::{Value, json};

impl Patient {
    /// Enrols, and is linked at the desk.
    ///
    /// # Errors
    /// When the hospital does not answer, or refuses.
    pub async fn enrol(&self) -> Result<(), Trouble> {
        let key = self.secret.key();
        let enrolment = Enrolment {
            custodian: self.around.members[self.custodian].id,
            relationship: key.public_key(),
            generation: 0,
            log_key: *self.secret.log_key().expose(),
        };
        let body = codec::encode(&enrolment.sign(&self.around.chain, &key));
        let answer = self.api().post("/v1/enrolments", None, body, PATIENCE).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| Trouble::Wrong(error.to_string()))?;
        let link = json!({ "mrn": format!("MRN-{}", self.label()), "code": answer["code"] });
        let desk = Some(self.around.api_keys[self.custodian].as_str());
        self.api().post_json("/v1/patients", desk, &link, PATIENCE).await.map(drop)
    }

    /// Signs in.
    ///
    /// # Errors
    /// When the hospital does not answer, or refuses.
    pub async fn sign_in(&mut self) -> Result<String, Trouble> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let answer = self.api().post_json("/v1/login/nonce", None, &json!({}), PATIENCE).await?;
        let nonce = answer["nonce"].as_str().and_then(|text| text.parse::<Digest>().ok());
        let nonce = nonce.ok_or_else(|| Trouble::Wrong("a nonce that is none".to_owned()))?;
        let key = self.secret.key();
        let login = Login {
            custodian: self.around.members[self.custodian].id,
            relationship: key.public_key(),
            binding: [0; 32],
            nonce: nonce.0,
            time: now(),
        };
        let body = codec::encode(&login.sign(&self.around.chain, &key));
        let answer = self.api().post("/v1/login", None, body, PATIENCE).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| Trouble::Wrong(error.to_string()))?;
        let token = answer["token"].as_str().map(str::to_owned);
        self.token.clone_from(&token);
        token.ok_or_else(|| Trouble::Wrong("a sign-in without a token".to_owned()))
    }

    /// Posts as a signed-in wallet.
    pub(in crate::cluster) async fn post_signed_in(&mut self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        let token = self.sign_in().await?;
        let answer = self.api().post(path, Some(&token), body, PATIENCE).await;
        self.forget_session_if(&answer);
        answer
    }

    pub(in crate::cluster) async fn get_signed_in(&mut self, path: &str) -> Result<Vec<u8>, Trouble> {
        let token = self.sign_in().await?;
        let answer = self.api().get(path, Some(&token), PATIENCE).await;
        self.forget_session_if(&answer);
        answer
    }

    fn forget_session_if<T>(&mut self, answer: &Result<T, Trouble>) {
        if matches!(answer, Err(Trouble::Refused(401, _))) {
            self.token = None;
        }
    }
}
