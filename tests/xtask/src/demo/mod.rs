//! `cargo xtask demo`: the release build, running, with three providers that call it, and a service
//! that answers one of them.
//!
//! Whatever way it ends, no process is left behind; and it ends with 1 when the router said
//! anything but what it must.

mod calls;
mod material;
mod ledger;
mod running;
mod wire;
mod sending;
mod ordering;
mod delivering;
mod webhooks;
mod rows;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::build;
use crate::progress::Steps;
use crate::workspace::Workspace;
use calls::Call;
use material::Material;
use running::Running;
use sending::Sender;

/// How often a wait looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Set by Ctrl-C and by a request to terminate.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

/// For what takes the router a second or two.
const PATIENCE: Duration = Duration::from_secs(30);

impl Stop {
    fn on_signal() -> Result<Self> {
        let stop = Self::default();
        let flag = Arc::clone(&stop.0);
        ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
            .context("signals can't be watched")?;
        Ok(stop)
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Looks again and again until something holds; whether it did in time.
    fn until(&self, holds: impl Fn() -> Result<bool>) -> Result<bool> {
        let start = Instant::now();
        while !holds()? {
            if self.is_asked() {
                bail!("it was ended from outside");
            }
            if start.elapsed() > PATIENCE {
                return Ok(false);
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(true)
    }
}

/// Builds, starts, sends, shows; `once` leaves then.
pub(crate) fn run(workspace: &Workspace, once: bool) -> Result<()> {
    let mut steps = Steps::of(9);
    build::all(workspace, &mut steps)?;
    let program = build::router(workspace);
    let material = steps.run("keys and config", || Material::make(&workspace.target))?;
    let stop = Stop::on_signal()?;
    let mut orders = steps.run("start the orders service", || {
        Running::orders(&build::orders(workspace), &material, &stop)
    })?;
    let mut router =
        steps.run("start the router", || Running::router(&program, &material, &stop))?;
    let sender = Sender { program: &program, material: &material, stop: &stop };
    let (sent, wrong) = steps.run("send callbacks", || send_all(&sender))?;
    let wrong = wrong + steps.run("make and cancel orders", || ordering::all(&sender))?;
    let wrong = wrong + steps.run("deliver their events", || delivering::all(&sender, &sent))?;
    if !once {
        hint(workspace, &program, &material);
        stay([&mut router, &mut orders], &stop)?;
    }
    match wrong {
        0 => Ok(()),
        _ => bail!("{wrong} of the rows are not as they must be; they are marked above"),
    }
}

/// Sends every call and shows each as it is answered; the calls, and how many answers were wrong.
fn send_all(sender: &Sender<'_>) -> Result<(Vec<Call>, usize)> {
    row(["provider", "kind", "sent", "must be", "status", "latency", "answer"]);
    let (mut all, mut wrong) = (Vec::new(), 0);
    for provider in calls::PROVIDERS {
        let kinds = sender.kinds(provider)?;
        for call in calls::of(provider, &kinds) {
            if let Some(truth) = call.truth(&kinds) {
                sender.material.brite.set(&truth).map_err(|problem| anyhow!(problem))?;
            }
            let answer = sender.send(&call)?;
            let (must, status) = (call.must.status(provider), answer.status.to_string());
            let mut said = answer.shortened();
            if answer.status != must {
                wrong += 1;
                said = format!("<-- WRONG, must be {must}: {said}");
            }
            let (sent, wanted) = (call.sent.word(), call.must.word());
            row([provider.name(), &call.kind, sent, wanted, &status, &answer.latency(), &said]);
            all.push(call);
        }
    }
    Ok((all, wrong))
}

fn row(cells: [&str; 7]) {
    let [provider, kind, sent, must, status, latency, answer] = cells;
    println!("{provider:<8} {kind:<40} {sent:<9} {must:<11} {status:<6} {latency:>10}  {answer}");
}

fn stay(mut all: [&mut Running; 2], stop: &Stop) -> Result<()> {
    while !stop.is_asked() {
        all.iter_mut().try_for_each(|one| one.is_up())?;
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn hint(workspace: &Workspace, program: &Path, material: &Material) {
    let program = workspace.shown(program);
    let config = workspace.shown(&material.config);
    let key = workspace.shown(&material.brij_private);
    let url = material.url();
    println!(
        "
The router listens at {url}
its config  {config}   (made anew at every start of the demo)
its log     {log}
its orders  {orders}/orders

Try:
  curl -i {url}/brz -d '{{}}'     # unsigned, so it is refused
  {program} send builtin:brite transaction.credit --to {url}/brite   # its provider signs nothing
  {program} send builtin:brij quote --to {url}/brij/quote \\
      --secret signing-key=@{key} --set partner_id={partner}

See what was recorded and delivered, and send it again:
  export HOOKSWITCH_API={api} HOOKSWITCH_KEY_ID={id} HOOKSWITCH_KEY_SECRET=$(cat {secret})
  {program} events list
  {program} deliveries list --follow
  {program} deliveries resend --status delivered --destination ledger

Edit the config, see what the router says to it, and run it without the demo:
  {program} check --config {config}
  {program} serve --config {config}

Ctrl-C ends it.",
        log = workspace.shown(&material.log),
        orders = material.orders_url(),
        partner = material::PARTNER,
        api = material.api(),
        id = material::KEY,
        secret = workspace.shown(&material.key),
    );
}
