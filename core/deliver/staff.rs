//! Who works: one courier for every destination that can be sent to, one confirmer for every route
//! that confirms. There is never more than one that takes new work for the same.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::Engine;
use super::attempt::Post;
use super::confirmer::Confirmer;
use super::courier::Courier;
use super::recipient::{self, Recipient};
use crate::generation::{Generation, Route};
use crate::model::Addressee;
use crate::outbound::{Client, OwnedReach};
use crate::store::Webhook;

/// The tasks, and what each is told by.
pub(super) struct Staff {
    engine: Arc<Engine>,
    couriers: HashMap<Addressee, Working<Arc<Post>>>,
    confirmers: HashMap<String, Working<()>>,
    tasks: JoinSet<()>,
    /// Connections that are kept, by where may be dialled: two at the most.
    clients: Vec<(OwnedReach, Client)>,
    /// What was looked at last.
    seen: Option<(Arc<Generation>, Arc<Vec<Webhook>>)>,
}

/// One task; it ends when this is dropped.
struct Working<T> {
    orders: watch::Sender<T>,
    task: AbortHandle,
}

impl Staff {
    pub(super) fn new(engine: Arc<Engine>) -> Staff {
        Staff {
            engine,
            couriers: HashMap::new(),
            confirmers: HashMap::new(),
            tasks: JoinSet::new(),
            clients: Vec::new(),
            seen: None,
        }
    }

    /// Starts, tells and ends tasks, so that they fit what there is now.
    pub(super) fn renew(&mut self) {
        let (generation, webhooks) = (self.engine.cell.current(), self.engine.store.webhooks());
        let same = self.seen.as_ref().is_some_and(|(seen, hooks)| {
            Arc::ptr_eq(seen, &generation) && Arc::ptr_eq(hooks, &webhooks)
        });
        if same {
            return;
        }
        self.renew_couriers(&generation, &webhooks);
        self.renew_confirmers(&generation);
        self.seen = Some((generation, webhooks));
    }

    fn renew_couriers(&mut self, generation: &Generation, webhooks: &[Webhook]) {
        let public = OwnedReach::Public(generation.allow_networks.clone());
        self.clients.retain(|(reach, _)| *reach == OwnedReach::Anywhere || *reach == public);
        let wanted = recipient::all(generation, webhooks, &self.engine.limits);
        self.couriers.retain(|to, working| wanted.contains_key(to) && working.goes_on());
        for (to, recipient) in wanted {
            match self.couriers.get(&to) {
                Some(working) if working.orders.borrow().recipient == recipient => {}
                Some(_) => {
                    let post = self.post(recipient);
                    self.couriers[&to].orders.send_replace(post);
                }
                None => {
                    let (orders, told) = watch::channel(self.post(recipient));
                    let courier = Courier::new(Arc::clone(&self.engine), to.clone(), told);
                    let task = self.tasks.spawn(courier.run());
                    self.couriers.insert(to, Working { orders, task });
                }
            }
        }
    }

    fn renew_confirmers(&mut self, generation: &Generation) {
        let confirms =
            |route: &&Arc<Route>| route.adapter.plugin().confirms() && route.offline.is_none();
        let wanted: Vec<&String> =
            generation.routes.targets().filter(confirms).map(|route| &route.name).collect();
        self.confirmers.retain(|name, working| wanted.contains(&name) && working.goes_on());
        for name in wanted {
            if !self.confirmers.contains_key(name) {
                let (orders, told) = watch::channel(());
                let confirmer = Confirmer::new(Arc::clone(&self.engine), name.clone(), told);
                let task = self.tasks.spawn(confirmer.run());
                self.confirmers.insert(name.clone(), Working { orders, task });
            }
        }
    }

    /// The recipient with the connections that may lead to it.
    fn post(&mut self, recipient: Recipient) -> Arc<Post> {
        let known = self.clients.iter().find(|(reach, _)| *reach == recipient.reach);
        let client = match known {
            Some((_, client)) => client.clone(),
            None => {
                let client =
                    Client::new(recipient.reach.clone(), self.engine.cell.current().names.clone());
                self.clients.push((recipient.reach.clone(), client.clone()));
                client
            }
        };
        Arc::new(Post { recipient, client })
    }

    /// Waits for a task that ends; `None`: there are none. One that broke is started again at the
    /// next [`Staff::renew`].
    pub(super) async fn ended(&mut self) -> Option<Result<(), JoinError>> {
        let ended = self.tasks.join_next().await?;
        if ended.is_err() {
            self.seen = None;
        }
        Some(ended)
    }

    /// Ends all tasks, and waits for that.
    pub(super) async fn dismiss(mut self) {
        self.couriers.clear();
        self.confirmers.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl<T> Working<T> {
    fn goes_on(&self) -> bool {
        !self.task.is_finished()
    }
}
