//! The nine statuses of an order, and which may follow which.
//!
//! The words are BRIJ's, as its API returns them (`GetOrderDetails`, docs.brij.fi/api). That there
//! are transitions, and that a wrong one is refused with 409, stands there too (`UpdateOrder`);
//! which are right doesn't. The table below is this example's: money only ever moves forward, is
//! given back once it came, and an order ends.

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    AwaitingFunds,
    InReview,
    FundsReceived,
    PaymentSubmitted,
    PaymentProcessed,
    Refunding,
    Refunded,
    Canceled,
    Error,
}

impl Status {
    pub(crate) const ALL: [Status; 9] = [
        Status::AwaitingFunds,
        Status::InReview,
        Status::FundsReceived,
        Status::PaymentSubmitted,
        Status::PaymentProcessed,
        Status::Refunding,
        Status::Refunded,
        Status::Canceled,
        Status::Error,
    ];

    /// BRIJ's word; `CANCELED` has one L.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::AwaitingFunds => "AWAITING_FUNDS",
            Status::InReview => "IN_REVIEW",
            Status::FundsReceived => "FUNDS_RECEIVED",
            Status::PaymentSubmitted => "PAYMENT_SUBMITTED",
            Status::PaymentProcessed => "PAYMENT_PROCESSED",
            Status::Refunding => "REFUNDING",
            Status::Refunded => "REFUNDED",
            Status::Canceled => "CANCELED",
            Status::Error => "ERROR",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Only before money came may an order be cancelled: after that it would have to be refunded.
    pub(crate) fn may_become(self, next: Status) -> bool {
        use Status::{
            AwaitingFunds, Canceled, Error, FundsReceived, InReview, PaymentProcessed,
            PaymentSubmitted, Refunded, Refunding,
        };
        let after: &[Status] = match self {
            InReview => &[AwaitingFunds, Canceled, Error],
            AwaitingFunds => &[FundsReceived, Canceled, Error],
            FundsReceived => &[PaymentSubmitted, Refunding, Error],
            PaymentSubmitted => &[PaymentProcessed, Refunding, Error],
            Refunding => &[Refunded, Error],
            PaymentProcessed | Refunded | Canceled | Error => &[],
        };
        after.contains(&next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.word()), Some(status));
        }
        for unknown in ["CANCELLED", "canceled", ""] {
            assert_eq!(Status::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn only_an_unpaid_order_may_be_cancelled() {
        let may: Vec<&str> = Status::ALL
            .into_iter()
            .filter(|status| status.may_become(Status::Canceled))
            .map(Status::word)
            .collect();
        assert_eq!(may, ["AWAITING_FUNDS", "IN_REVIEW"]);
        for end in ["PAYMENT_PROCESSED", "REFUNDED", "CANCELED", "ERROR"] {
            let end = Status::parse(end).expect("a word of BRIJ's");
            assert!(!Status::ALL.into_iter().any(|next| end.may_become(next)), "{end:?}");
        }
        assert!(!Status::ALL.into_iter().any(|status| status.may_become(status)));
    }
}
