// What was learnt: the queue for people, datasets, models, rollouts, and what heads forgot.

import { VIEWS, address, ask } from "./api.js";
import { el, row, section, table, tiles } from "./dom.js";
import { ago, count, many, moment, plain, share } from "./format.js";
import { badge } from "./parts.js";

export const every = 10000;

export const load = ({ tenant, signal }) => ask(address(`${VIEWS}learning`, { tenant }), { signal });

export function draw(told) {
  return [
    el("h1", null, told.queue.waiting ? `${count(told.queue.waiting)} waiting for a person` : "Nothing waits for a person"),
    queue(told.queue),
    told.for_admins
      ? el("p", { class: "empty" }, "Datasets, models and runs are of all tenants together: they need a key with the scope admin, and no tenant chosen.")
      : [fault(told.fault), datasets(told.datasets), models(told.models), rollouts(told.rollouts, told.trying, told.rollouts_fault), forgetting(told.heads)],
  ];
}

const fault = (text) => text && el("p", null, badge("cannot be read", "bad"), " ", text);

const empty = (text, command) => el("p", { class: "empty" }, text, " ", el("code", null, command));

function queue({ waiting, labels, oldest_ms: oldest }) {
  return section(
    "Queue",
    null,
    tiles([
      ["Answers to judge", count(waiting - labels), el("a", { href: "#/reviews" }, "Reviews")],
      ["Labels to give", count(labels), "asked for by train suggest --queue"],
      ["Oldest", oldest ? ago(oldest) : "–", oldest ? moment(oldest) : "nothing waits"],
    ]),
  );
}

const DATASETS = [["Dataset", "t"], ["Made", "t"], ["Rows by kind", "t wrap"], ["From", "t wrap"], ["Left out", "n"], ["Must go", "t"]];

function datasets(all) {
  return section(
    "Datasets",
    "What verdicts, corrections, outcomes and labels came to. A dataset never changes: its name is made from its hash.",
    all.length
      ? table(
          "Datasets",
          DATASETS,
          all.map((one) =>
            one.fault
              ? row(DATASETS, [one.name, "–", badge("cannot be read", "bad"), one.fault, "–", "–"])
              : row(DATASETS, [el("code", null, one.name), ago(one.made_ms), listed(one.kinds), listed(one.sources), count(one.dropped), one.first_expiry_ms ? moment(one.first_expiry_ms) : "–"]),
          ),
        )
      : empty("There is no dataset yet.", "tiergate dataset build"),
  );
}

function listed(counts) {
  const known = Object.entries(counts).filter(([, n]) => n > 0);
  return known.length ? known.map(([name, n]) => `${plain(name)} ${count(n)}`).join(", ") : "–";
}

const STATES = { active: "good", canary: "warn", shadow: "note", candidate: "note", retired: "" };
const MODELS = [["Model", "t"], ["State", "t"], ["Kind", "t"], ["Made", "t"], ["Dataset", "t"], ["Figures", "t wrap"]];

function models(all) {
  return section(
    "Models",
    "Versions of heads, calibrators, certificates, adapters and encoders.",
    all.length ? table("Models", MODELS, all.map((one) => row(MODELS, version(one)))) : empty("The registry is empty.", "tiergate models add"),
  );
}

function version(one) {
  const tags = one.tags.map((tag) => badge(tag, "note"));
  const figures = Object.entries(one.metrics).slice(0, 4).map(([name, value]) => `${plain(name)} ${Number(value.toPrecision(3))}`);
  return [
    el("span", null, one.name, " ", el("code", { class: "soft" }, one.version), " ", tags),
    badge(plain(one.state), STATES[one.state]),
    plain(one.kind),
    el("span", { title: moment(one.created_ms) }, ago(one.created_ms)),
    one.dataset ? el("code", { class: "clip", title: one.dataset }, one.dataset.slice(0, 12)) : "–",
    figures.join(", ") || "–",
  ];
}

const TURNS = { running: "note", passed: "good", rolled_back: "bad", finished: "" };
const TRIALS = [["Policy", "t"], ["Stands at", "t"], ["Since", "t"], ["Requests", "n"], ["Guards", "t wrap"], ["Why", "t wrap"]];

function rollouts(all, trying, cannot) {
  return section(
    "Rollouts",
    "What is being tried on a part of the traffic, with a test on errors, cost, latency and complaints. Its result may be read at any time.",
    fault(cannot),
    all.length ? table("Rollouts", TRIALS, all.map((one) => row(TRIALS, trial(one)))) : empty("No policy has had a rollout.", "tiergate rollout start"),
    trying.length > 0 && table("Versions in shadow or canary", MODELS, trying.map((one) => row(MODELS, version(one)))),
  );
}

function trial(one) {
  const guards = one.metrics.map((metric) => [badge(`${plain(metric.metric)}: ${plain(metric.finding)}`, metric.finding === "worse" ? "bad" : "note"), " "]);
  const { base, candidate } = one.requests;
  return [
    el("span", null, one.policy, " ", el("small", { class: "soft" }, one.kind)),
    el("span", null, badge(plain(one.state), TURNS[one.state]), ` ${one.stage}`),
    el("span", { title: moment(one.since_ms) }, ago(one.since_ms)),
    base === null ? "–" : `${count(candidate)} of ${count(base + candidate)}`,
    guards.length ? guards : "–",
    one.why || "–",
  ];
}

const RUNS = [["Run", "t"], ["When", "t"], ["Way", "t"], ["New rows", "n"], ["What became of it", "t wrap"]];

function forgetting(heads) {
  return section(
    "Forgetting",
    "What each head knew of every task after each run, and so what it lost by learning something else.",
    heads.length
      ? heads.map((one) => el("div", null, el("h3", null, plain(one.head)), fault(one.fault), one.runs.length > 0 && [recall(one.runs), runs(one.runs)]))
      : empty("No head has been taught here.", "tiergate learn run"),
  );
}

/** Accuracy on each task, run by run; a fall of a point or more against the best before is marked. */
function recall(all) {
  const kept = all.filter((run) => !run.taken_back && run.refused.length === 0);
  const tasks = [...new Set(kept.flatMap((run) => Object.keys(run.accuracy)))];
  if (!tasks.length) return null;
  const columns = [["Task", "t"], ...kept.map((run) => [run.run, "n"])];
  return table(
    "Accuracy on each task after each run",
    columns,
    tasks.map((task) => {
      let best = 0;
      const cells = kept.map((run) => {
        const now = run.accuracy[task];
        if (now === undefined) return "–";
        const lost = best - now >= 0.01;
        best = Math.max(best, now);
        return lost ? el("span", { class: "loss" }, share(now)) : share(now);
      });
      return row(columns, [plain(task), ...cells]);
    }),
  );
}

function runs(all) {
  const became = (run) => (run.taken_back ? [badge("taken back", "bad"), ` ${run.taken_back}`] : run.refused.length ? [badge("refused", "warn"), ` ${run.refused.join("; ")}`] : [badge("kept", "good"), run.version && ` ${run.version}`]);
  return table(
    "Runs",
    RUNS,
    [...all].reverse().map((run) => row(RUNS, [el("code", null, run.run), el("span", { title: moment(run.at_ms) }, ago(run.at_ms)), plain(run.method), count(run.new_rows), became(run)])),
  );
}

export const spoken = (told) => (told.queue.waiting ? many(told.queue.waiting, "matter waits", "matters wait") : "");
