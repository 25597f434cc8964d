"""Phrases of decisions about a company in languages whose decisions the reader did not learn."""

# ruff: noqa: RUF001 - other alphabets are what is tested

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.routing.wording.phrases import strategy_named
from router.types import Matter
from tests.kits.decision_kit import CALM
from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    "text",
    [
        "Ska vi sälja dotterbolaget?",
        "Skal vi sælge datterselskabet?",
        "Ska vi sälja vårt bolag till en tysk koncern?",
        "Bör vi avveckla dotterbolaget i år?",
        "Ska vi stänga fabriken i Borås och outsourca tillverkningen?",
        "Borde vi köpa upp en konkurrent innan de köper oss?",
        "Ska vi säga upp sextio anställda eller ta ett lån till?",
        "Bör vi dra oss ur Kina helt?",
        "Ska vi gå in på den finska marknaden nästa år?",
        "Ska vi ta in riskkapital eller växa långsamt?",
        "Bør vi sælge fra af vores selskab til en fond?",
        "Skal vi nedlægge fabrikken i Kolding og flytte produktionen til Polen?",
        "Bør vi opkøbe vores konkurrent for lånte penge?",
        "Skal vi afskedige halvdelen af personalet?",
        "Skal vi etablere os i Sverige eller blive hjemme?",
        "Bør vi trække os ud af Tyskland?",
        "Bør vi selge selskapet vårt til svenskene?",
        "Skal vi legge ned fabrikken på Raufoss?",
        "Skal vi kjøpe opp konkurrenten vår?",
        "Bør vi nedbemanne og kutte førti stillinger?",
        "Skal vi ekspandere til Danmark?",
        "Skal vi slippe inn et oppkjøpsfond på eiersiden?",
        "Ska vi lägga ner avdelningen i Malmö?",
        "Skal vi lukke afdelingen i Odense?",
        "Skal vi gå ind på det tyske marked?",
        "Skal vi tage en investor ind?",
        "Skal vi legge ned avdelingen i Bergen?",
    ],
)
def test_a_northern_decision_about_a_company_is_found(text: str) -> None:
    assert "strategy" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ska vi gå in på restaurangen eller sitta ute när vi är i Norge?",
        "Ska vi köpa lunch hos en konkurrent i dag?",
        "Ska vi stänga kontoret i tid på fredag?",
        "Ska vi stänga butikerna klockan sex på julafton?",
        "Ska vi säga upp tjänster som Netflix och Spotify?",
        "Ska vi sälja lotter till företaget bredvid?",
        "Ska vi dela upp notan på företaget och oss?",
        "Ska vi gå in på marknaden och köpa tomater?",
        "Ska vi minska kaffet för personalen?",
        "Ska vi flytta lagret i garderoben till vinden?",
        "Skal vi købe juice hos en konkurrent?",
        "Skal vi købe papir hos konkurrenten, det er billigere der?",
        "Skal vi lukke kontoret i Aarhus klokken fire i dag?",
        "Skal vi gå ind på museet, når vi er i Tyskland?",
        "Skal vi sælge lodsedler på firmaets julefrokost?",
        "Skal vi skære ned på kaffe til medarbejderne?",
        "Skal vi selge lodd på firmafesten eller for firmaet?",
        "Skal vi gå inn på hotellet i Danmark eller vente i bilen?",
        "Skal vi flytte møtet med de ansatte og kutte kaffepausen?",
        "Skal vi kjøpe brød fra konkurrenten i dag?",
        "Ska vi äta tyska korvar på marknaden?",
        "Skal vi stenge butikkene klokka tolv på julaften?",
        "Ska vi köpa samma dator som vår konkurrent?",
        "Ska vi stänga kontoret i jul?",
        "Ska vi minska ljuset för personalen?",
        "Skal vi købe samme kaffemaskine som konkurrenten?",
        "Skal vi gå ind i bygningen i Tyskland?",
        "Skal vi reducere støjen for medarbejderne?",
        "Skal vi sælge gamle stole i virksomheden?",
        "Skal vi kjøpe samme kaffe som konkurrenten?",
        "Skal vi redusere støyen for de ansatte?",
        "Skal vi gå inn i Sverige eller snu ved grensa?",
    ],
)
def test_a_northern_everyday_choice_is_no_strategy(text: str) -> None:
    assert "strategy" not in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Чи варто нам продати дочірню компанію?",
        "Чи закривати нам завод у Львові?",
        "Чи звільняти нам половину працівників?",
        "Чи виходити нам на польський ринок?",
        "Чи варто нам купити конкурента?",
        "자회사를 매각해야 할까요?",
        "경쟁사를 인수해야 할까요?",
        "부산 공장을 폐쇄해야 할까요?",
        "직원 절반을 해고해야 할까요?",
        "일본 시장에 진출해야 할까요?",
    ],
)
def test_a_ukrainian_or_korean_decision_about_a_company_is_found(text: str) -> None:
    assert "strategy" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Чи закривати офіс о шостій вечора?",
        "Чи купувати каву в конкурента?",
        "Чи продавати старі стільці компанії?",
        "Чи йти нам на ринок по помідори?",
        "Чи купити подарунки працівникам?",
        "Чи варто нам поїхати в Польщу на свята?",
        "사무실을 여섯 시에 닫아야 할까요?",
        "경쟁사에서 커피를 사야 할까요?",
        "직원들에게 선물을 사야 할까요?",
        "시장에 가서 토마토를 살까요?",
        "회사 의자를 팔아야 할까요?",
        "공장 견학을 가야 할까요?",
    ],
)
def test_a_ukrainian_or_korean_everyday_choice_is_no_strategy(text: str) -> None:
    assert "strategy" not in lists_of(text)


CALMLY_READ = replace(CALM, strategic=0.0, brief=True, matter=Matter.LEGAL)


@pytest.mark.parametrize("language", ["sv", "da", "nb", "uk", "ko"])
def test_a_phrase_counts_where_the_reader_learnt_no_decisions(language: str) -> None:
    assert strategy_named(replace(CALMLY_READ, risk_terms=(f"strategy:{language}",)))


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pl", "pt"])
def test_a_phrase_is_set_aside_where_the_reader_learnt_decisions(language: str) -> None:
    assert not strategy_named(replace(CALMLY_READ, risk_terms=(f"strategy:{language}",)))


def test_a_row_of_earlier_rules_sets_a_phrase_aside() -> None:
    assert not strategy_named(replace(CALMLY_READ, risk_terms=("strategy:sv",)), version=9)
