//! The callback that an instance works on, in the guest's form. Verify, parse and respond all see
//! it; it is put into that form once.

use super::bindings::hookswitch::plugin::types as wit;
use super::convert;
use crate::model;

/// What was shown last; a callback is known by the router's own id for it.
#[derive(Default)]
pub(super) struct Shown {
    callback: Option<wit::Callback>,
    head: Option<wit::Head>,
}

impl Shown {
    /// This callback.
    pub(super) fn callback(&mut self, callback: &model::Callback) -> &wit::Callback {
        let same = |shown: &wit::Callback| is(&shown.head, &callback.head);
        if !self.callback.as_ref().is_some_and(same) {
            self.callback = None;
        }
        self.callback.get_or_insert_with(|| convert::to_callback(callback))
    }

    /// The head of this callback.
    pub(super) fn head(&mut self, head: &model::Head) -> &wit::Head {
        match &self.callback {
            Some(callback) if is(&callback.head, head) => &callback.head,
            _ => self.head.insert(convert::to_head(head)),
        }
    }
}

/// A callback that isn't the router's own has no id, and is like no other.
fn is(shown: &wit::Head, head: &model::Head) -> bool {
    shown.id == head.id && !head.id.is_empty()
}
