"""Deliberates: makes a reasoned decision in recorded steps over any other answerer.

Decompose, perspectives, evidence, alternatives, scenarios, risk and benefit, synthesis: each call
goes through the gateway, its fields are checked against the template's schema, and a wrong one is
repaired once. Code works out what can be worked out. A step that fails is marked and the
deliberation goes on; it never loops. It knows nothing about money, ladders or the wire format.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence

from msgspec.structs import replace

from router.policy.content.deliberation import Template, facts_in, template_for
from router.policy.content.deliberation_full import Perspective, StepId, TemplateStep
from router.policy.schema import DeliberationAnswerer, TierSection
from router.types import (
    Answer,
    AnswerCalls,
    AnswererFacts,
    Call,
    Capability,
    Choice,
    Clock,
    Delta,
    Domain,
    JsonText,
    Signals,
    Usage,
    Work,
    Worked,
)
from tiers.own_answerer import OwnAnswerer, facts_of
from tiers.reasoning import checks
from tiers.reasoning.asking import Asker, Check, nothing_wrong
from tiers.reasoning.counted_calls import calls_of, counted_steps
from tiers.reasoning.run import (
    MAX_QUESTION_CHARACTERS,
    Run,
    StepResult,
    plan_for,
    question_of,
)
from tiers.reasoning.sources import Sources
from tiers.reasoning.wording import decision_text, shown_step
from tiers.reasoning.worksheets.all_sheets import SHEETS, worked_sheet, worksheet_faults
from tiers.reasoning.worksheets.sheet import Material, Sheet
from tiers.resilience.base import final_of

FULL_FROM_TOKENS = 16_000
"""Context from which an upstream gets the full profile: its steps hand on up to 10,000."""

_FORM = "{question}\n\nPut this decision into the form asked for:\n\n{previous}"


class Deliberation(OwnAnswerer):
    """The Answerer for `kind: deliberation`. `over` is what the gateway knows of the answerer that
    thinks the steps; it is called by name and never held."""

    def __init__(
        self,
        facts: AnswererFacts,
        over: AnswererFacts,
        templates: Mapping[Domain, Template],
        trusted: bool,
        clock: Clock,
        profile: str = "short",
        sources: Sources | None = None,
    ) -> None:
        names = sorted({template.name for template in templates.values()})
        super().__init__(
            facts, f"over {over.name}; templates {', '.join(names)}; profile {profile}"
        )
        self._over = over
        self._templates = templates
        self._trusted = trusted
        self._clock = clock
        self._profile = profile
        self._sources = sources
        plans = {one.name: plan_for(one, profile) for one in templates.values()}
        self._counted = {
            one.name: (counted_steps(one, plans[one.name]), plans[one.name])
            for one in templates.values()
        }

    def calls(self, signals: Signals | None, each: int) -> AnswerCalls:
        """Returns the calls for such a matter, none repaired; without signals for a general one.

        `each` are the output tokens of a call, as far as its step allows them.
        """
        templates = self._templates
        found = templates[Domain.GENERAL] if signals is None else template_for(signals, templates)
        steps, plan = self._counted[found.name]
        return calls_of(steps, plan, self._over.context_tokens, each)

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the decision as text, its steps in `Choice.reasoning`, its facts in `facts`.

        `verified` is False when the model is not trusted, when a step failed, or when code found a
        fault that one repair did not mend. A deliberation that reached no decision says so and has
        p = 0.
        Raises: AnswererError where no step at all came back, DeadlineExceeded without any time.
        """
        return await final_of(self.stream(work, call))

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields each step as reasoning once done, then the decision, then the final answer."""
        run = self._run(work)
        asker = Asker(self._over, self._clock, work, call)
        for step in run.plan.steps:
            for result in await self._results(step, run, asker, work):
                run.results.append(result)
                yield [Delta(reasoning=shown_step(result))]
        if run.last_error is not None and not any(r.fields for r in run.results):
            raise run.last_error
        text = await self._text(run, work, asker)
        yield [Delta(text=text)]
        yield [Delta(final=self._answer(run, text))]

    def _run(self, work: Work) -> Run:
        limit = max(1_000, min(MAX_QUESTION_CHARACTERS, self._over.context_tokens))
        template = template_for(work.signals, self._templates)
        return Run(
            template,
            plan_for(template, self._profile),
            question_of(work.request, limit),
            work.request.last_user_text,
            facts_in(work.request, work.signals),
        )

    async def _results(
        self, step: TemplateStep, run: Run, asker: Asker, work: Work
    ) -> Sequence[StepResult]:
        """Returns the results of one step; perspectives are several."""
        if step.id is StepId.PERSPECTIVES:
            return await self._perspectives(step, run, asker)
        if run.plan.profile == "full":
            await self._look_up(run, work)
        if step.id is StepId.WORKSHEET and run.plan.worksheet is not None:
            return [await self._worksheet(step, SHEETS[run.plan.worksheet], run, asker)]
        result = await asker.step(step, run, check=_check_of(step.id, run))
        return [_recomputed(_with_notes(result), run)]

    async def _look_up(self, run: Run, work: Work) -> None:
        """Looks passages up once, before the first step that may cite them."""
        if self._sources is not None and run.passages is None:
            run.passages = tuple(await self._sources.find(run.words, work))

    async def _worksheet(
        self, step: TemplateStep, sheet: Sheet, run: Run, asker: Asker
    ) -> StepResult:
        """Returns the inputs that the model extracted, with the figures that code worked out."""
        material = Material(run.words, run.cited)
        wanted = replace(step, schema=JsonText(json.dumps(sheet.schema)))
        result = await asker.step(
            wanted,
            run,
            values={"worksheet": sheet.instruction},
            check=lambda inputs: worksheet_faults(sheet, inputs, material),
        )
        if not result.fields:
            return result
        return replace(result, fields=worked_sheet(sheet, result.fields, material))

    async def _perspectives(
        self, step: TemplateStep, run: Run, asker: Asker
    ) -> Sequence[StepResult]:
        """Asks all perspectives at one time; each is a call of its own, and none sees another."""

        def asked(perspective: Perspective) -> asyncio.Future[StepResult]:
            name = f"perspective:{perspective.name}"
            values = {"view": f"{perspective.name}: {perspective.view}"}
            check = _check_of(step.id, run)
            return asyncio.ensure_future(
                asker.step(step, run, values=values, check=check, name=name)
            )

        results = await asyncio.gather(*map(asked, run.plan.perspectives), return_exceptions=True)
        # All calls have ended and are in the books before the first refusal is raised.
        for result in results:
            if isinstance(result, BaseException):
                raise result
        done = [result for result in results if isinstance(result, StepResult)]
        if any(result.fields for result in done):
            run.failed_calls = 0
        positions = [str(result.fields.get("position", "")) for result in done]
        tally = checks.tally(positions)
        kept = [_recomputed(result, run) for result in done]
        if tally and kept:
            kept[-1] = replace(kept[-1], notes=(*kept[-1].notes, f"perspectives: {tally}"))
        return kept

    async def _text(self, run: Run, work: Work, asker: Asker) -> str:
        """Returns the decision in the form that the client asked for.

        Text, or JSON by one more call.
        """
        decision = run.synthesis.fields
        wanted = work.request.response_format
        if wanted.kind == "text" or not decision:
            return decision_text(run.results, run.marks)
        if wanted.kind == "json_object" or wanted.schema is None:
            return json.dumps(decision, ensure_ascii=False)
        tokens = run.plan.steps[-1].max_output_tokens
        form = TemplateStep(StepId.SYNTHESIS, _FORM, tokens, wanted.schema)
        shaped = Run(
            run.template, run.plan, run.question, run.words, run.facts, results=run.results[-1:]
        )
        run.form = await asker.step(form, shaped, name="form")
        return json.dumps(run.form.fields or decision, ensure_ascii=False)

    def _answer(self, run: Run, text: str) -> Answer:
        synthesis = run.synthesis
        calls = [*run.results, run.form] if run.form else run.results
        whole = all(result.fields for result in calls) and not run.marks
        reasoning = "\n\n".join(shown_step(r).strip() for r in run.results)
        # A worksheet lists every passage that may matter: that is no citation.
        own = [dict(r.fields) for r in run.results if r.id != StepId.WORKSHEET]
        cited = checks.used_passages(own, run.cited)
        return Answer(
            choices=(Choice(text=text, finish_reason="stop", reasoning=reasoning),),
            model=self._facts.model,
            usage=_total(calls),
            p=None if synthesis.fields else 0.0,
            verified=None if self._trusted and synthesis.fields and whole else False,
            facts=(*run.facts, *(f"[{passage.id}] {passage.source}" for passage in cited)),
            sources=tuple(
                replace(passage.note, cited=passage in cited)
                for passage in run.cited
                if passage.note is not None
            ),
            passages=tuple(passage.words for passage in run.cited if passage.note is not None),
            worked=_worked(run),
        )


def _check_of(step: StepId, run: Run) -> Check:
    """Returns what a step's fields are checked for, beyond their form; short forms have no more."""
    if run.plan.profile != "full":
        return nothing_wrong
    if step is StepId.SYNTHESIS:
        return lambda fields: _decision_faults(fields, run)
    return lambda fields: (*_own_faults(step, fields, run), *checks.claim_faults(fields))


def _own_faults(step: StepId, fields: Mapping[str, object], run: Run) -> Sequence[str]:
    """Returns the faults of a step beyond its figures."""
    if step is StepId.SCENARIOS:
        return checks.scenario_faults(fields)
    if step is StepId.EVIDENCE:
        unknown = checks.citation_faults(fields, run.cited)
        return (*unknown, *checks.unsupported(fields, run.cited))
    return ()


def _decision_faults(fields: Mapping[str, object], run: Run) -> Sequence[str]:
    faults = [
        *checks.verdict_faults(fields),
        *checks.claim_faults(fields),
        *checks.citation_faults(fields, run.cited),
    ]
    if Domain.MEDICAL in run.template.domains:
        faults += checks.diagnosis_faults(fields)
    return faults


def _with_notes(result: StepResult) -> StepResult:
    """Returns a result with what code works out from its fields."""
    note = checks.expected_value(result.fields) if result.id == StepId.SCENARIOS else ""
    return replace(result, notes=(*result.notes, note)) if note else result


def _recomputed(result: StepResult, run: Run) -> StepResult:
    """Returns a result whose wrong figures have the right ones next to them; counts them."""
    if run.plan.profile != "full" or not result.fields:
        return result
    fields, claims = checks.recomputed(dict(result.fields))
    wrong = [claim for claim in claims if not claim.holds]
    run.claims += len(claims)
    run.wrong_claims += len(wrong)
    assert isinstance(fields, dict)
    notes = [str(claim) for claim in wrong if str(claim) not in result.notes]
    return replace(result, fields=fields, notes=(*result.notes, *dict.fromkeys(notes)))


def _worked(run: Run) -> Worked:
    decision = run.synthesis.fields
    confidence, follow_up = decision.get("confidence"), decision.get("follow_up")
    days = follow_up.get("after_days") if isinstance(follow_up, Mapping) else None
    return Worked(
        run.template.name,
        run.template.digest,
        run.plan.profile,
        run.kept_steps(),
        float(confidence) if isinstance(confidence, int | float) else None,
        str(decision.get("go_no_go", "")),
        days if isinstance(days, int) else None,
        run.claims,
        run.wrong_claims,
        run.marks,
    )


def build_deliberation(
    section: DeliberationAnswerer,
    tier: TierSection,
    over: AnswererFacts,
    templates: Mapping[Domain, Template],
    clock: Clock,
    sources: Sources | None = None,
) -> Deliberation:
    """Returns the deliberation of a policy; `over` are the facts of the answerer it names."""
    promised = over.capabilities & {Capability.JSON_SCHEMA, Capability.JSON_MODE}
    facts = facts_of(
        section,
        tier,
        f"deliberation:{over.model}",
        context_tokens=over.context_tokens,
        capabilities=promised,
    )
    profile = profile_for(section.profile, over)
    return Deliberation(facts, over, templates, section.trusted, clock, profile, sources)


def profile_for(wanted: str, over: AnswererFacts) -> str:
    """Returns the profile that a policy asks for; `auto` is full over a strong upstream."""
    if wanted != "auto":
        return wanted
    strong = over.is_remote and over.context_tokens >= FULL_FROM_TOKENS
    return "full" if strong else "short"


def _total(results: Sequence[StepResult]) -> Usage:
    """Returns all steps together, as a reasoning model reports.

    What is not the last step is reasoning.
    """
    usages = [usage for result in results for usage in result.usages]
    last = sum(usage.output_tokens for usage in results[-1].usages[-1:])
    output = sum(usage.output_tokens for usage in usages)
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        cached_input_tokens=sum(usage.cached_input_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        output_tokens=output,
        reasoning_tokens=output - last,
        hour_write_tokens=sum(usage.hour_write_tokens or 0 for usage in usages) or None,
        reported=bool(usages) and all(usage.reported for usage in usages),
    )
