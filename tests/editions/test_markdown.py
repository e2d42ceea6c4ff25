"""Inline Markdown, and where addresses in prose end."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions import markdown, weblinks

MARKS = st.sampled_from([*"*_`[]()<>&;\\ \n", "https://e.example/", "&amp;"])
TEXT = st.lists(st.one_of(st.characters(exclude_characters="\0"), MARKS))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*em* _em_", "<em>em</em> <em>em</em>"),
        ("**strong** __strong__", "<strong>strong</strong> <strong>strong</strong>"),
        ("***both***", "<em><strong>both</strong></em>"),
        ("`a < *b*`", "<code>a &lt; *b*</code>"),
        ("[words](https://e.example/)", '<a href="https://e.example/">words</a>'),
        ('[words](<https://e.example/a b> "title")', '<a href="https://e.example/a%20b">words</a>'),
        ("[*em*](https://e.example/)", '<a href="https://e.example/"><em>em</em></a>'),
        ("[write](mailto:ada@example.com)", '<a href="mailto:ada@example.com">write</a>'),
        ("<ada@example.com>", '<a href="mailto:ada@example.com">ada@example.com</a>'),
        (r"\*not\* \[not](https://e.example/)", '*not* [not](<a href="https://e.example/">https://e.example/</a>)'),
        ("snake_case_name, 5 * 3 * 2", "snake_case_name, 5 * 3 * 2"),
        ("AT&amp;T &copy; a & b", "AT&amp;T © a &amp; b"),
        ("<b onclick=x>no HTML</b>", "&lt;b onclick=x&gt;no HTML&lt;/b&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](/elsewhere)", "[x](/elsewhere)"),
        ("# no heading", "# no heading"),
        ("`https://e.example/`", "<code>https://e.example/</code>"),
        ("[x]() [*x*]()", "x <em>x</em>"),
        ("[](https://e.example/)", '<a href="https://e.example/">https://e.example/</a>'),
        ("**「重要」**です", "<strong>「重要」</strong>です"),
        ("これは**重要：**です", "これは<strong>重要：</strong>です"),
        ("**「a」**과 *“b”*은", "<strong>「a」</strong>과 <em>“b”</em>은"),
        ("日 * 本 * 語", "日 * 本 * 語"),
    ],
)
def test_markdown_as_html(text: str, html: str) -> None:
    assert markdown.to_html(text) == html


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("*em* **strong** `code` \\*not\\*", "em strong code *not*"),
        ("see [the *words*](https://e.example/a_(b)), and", "see the words <https://e.example/a_(b)>, and"),
        ("<https://e.example/> [https://e.example/](https://e.example/)", "https://e.example/ https://e.example/"),
        ("[write](mailto:ada@example.com) <ada@example.com>", "write <ada@example.com> ada@example.com"),
        ("AT&amp;T", "AT&T"),
        ("[x]() [](https://e.example/) [](mailto:ada@example.com)", "x https://e.example/ ada@example.com"),
    ],
)
def test_markdown_as_plain_words(text: str, plain: str) -> None:
    assert markdown.to_text(text) == plain


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see <https://example.com/a>", "https://example.com/a"),
        ("(https://example.com/b)", "https://example.com/b"),
        ("“https://example.com/c”", "https://example.com/c"),
        ("„https://example.com/d“", "https://example.com/d"),
        ("«https://example.com/d»", "https://example.com/d"),
        ("‹https://example.com/d›, ‘x’", "https://example.com/d"),
        ("'https://example.com/d'", "https://example.com/d"),
        ('"https://example.com/d"', "https://example.com/d"),
        ("「https://example.com/d」", "https://example.com/d"),
        ("（https://example.com/d）", "https://example.com/d"),
        ("[https://example.com/d]", "https://example.com/d"),
        ("{https://example.com/d}", "https://example.com/d"),
        ("https://example.com/e… and", "https://example.com/e"),
        ("https://example.com/e...", "https://example.com/e"),
        ("https://example.com/f?!", "https://example.com/f"),
        ("https://example.com/g。次", "https://example.com/g"),
        ("https://example.com/g、次", "https://example.com/g"),
        ("https://example.com/g，次", "https://example.com/g"),
        ("https://example.com/h—and", "https://example.com/h"),
        ("https://example.com/h\u200b", "https://example.com/h"),
        ("https://example.com/h🎉", "https://example.com/h"),
        ("https://example.com/h→ and", "https://example.com/h"),
        ("https://example.com/h€", "https://example.com/h"),
        ("»https://example.com/h«", "https://example.com/h"),
        ("https://example.com/h।", "https://example.com/h"),
        ("**https://example.com/i**", "https://example.com/i"),
        ("**https://example.com/i**は", "https://example.com/i"),
        ("*https://example.com/i*, and", "https://example.com/i"),
        ("_https://example.com/i_", "https://example.com/i"),
        ("**see https://example.com/i.**", "https://example.com/i"),
        ("https://example.com/_j_/a*b*c__d__", "https://example.com/_j_/a*b*c__d"),
        ("https://bücher.example/ü.", "https://bücher.example/ü"),
        ("https://ja.example/wiki/ジョン・レノン。", "https://ja.example/wiki/ジョン・レノン"),
        ("HTTPS://EXAMPLE.COM/L", "HTTPS://EXAMPLE.COM/L"),
        ("Https://Example.com/L,", "Https://Example.com/L"),
        ("https://example.com/m&", "https://example.com/m"),
        ("https://example.com/m&amp;", "https://example.com/m"),
        ("https://example.com/?a=1&amp;b=2.", "https://example.com/?a=1&b=2"),
        ("[x](https://example.com/o_(p))", "https://example.com/o_(p)"),
        ("(https://example.com/o_(p))", "https://example.com/o_(p)"),
        ("https://example.com/q?a[]=1&b={2}", "https://example.com/q?a[]=1&b={2}"),
        ("https://example.com/r’s", "https://example.com/r"),
        ("https://example.com/r's", "https://example.com/r"),
        ("<https://example.com/?a=1&b=2>", "https://example.com/?a=1&b=2"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("https://example.com/~ada/#s,", "https://example.com/~ada/#s"),
    ],
)
def test_exactly_the_address_is_linked(text: str, address: str) -> None:
    assert re.findall('href="([^"]*)"', markdown.to_html(text)) == [address.replace("&", "&amp;")]


@pytest.mark.parametrize("text", ["xhttps://e.example/", "https://", "https://…", "https:// x", "ftp://e.example/"])
def test_what_is_no_address_is_not_linked(text: str) -> None:
    assert markdown.to_html(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "(https://a.example/),https://b.example/",
        "https://a.example/,https://b.example/",
        "https://a.example/;HTTPS://b.example/",
        "https://a.example/|https://b.example/",
    ],
)
def test_two_addresses_are_two(text: str) -> None:
    found = [text[start:end].lower() for start, end in weblinks.find(text)]
    assert found == ["https://a.example/", "https://b.example/"]


def test_an_address_within_an_address_is_part_of_it() -> None:
    assert markdown.to_html("https://a.example/x?u=https://b.example/").count("<a ") == 1


@given(TEXT.map("".join))
def test_escaped_text_means_itself(text: str) -> None:
    text = " ".join(text.split())

    # an address keeps its entities: there is no way to escape within one
    assert "&" in text or markdown.to_text(markdown.escape(text)) == text


def test_text_without_marks_is_not_escaped() -> None:
    text = 'M_A_S*H: 5 * 3 < 2 & https://e.example/_a_/*b*?c=1&d=2, "quoted" [1] (x)!'

    assert markdown.escape(text) == text


@pytest.mark.parametrize("marks", ["[", "![](", "<", "> ", "&", "*a_", "_*", "`a", "<http://", "https://a ", "[a]("])
def test_a_text_of_nothing_but_marks_takes_no_longer_than_its_length_asks_for(marks: str) -> None:
    text = marks * (60_000 // len(marks))
    began = process_time()
    markdown.to_html(text)
    # about a second; what looks for the other end of each mark takes minutes
    assert process_time() - began < 20


def test_a_paragraph_of_very_many_brackets_has_no_links() -> None:
    assert markdown.to_html("[" * 301 + "a](https://a.example) *b*") == "[" * 301 + (
        'a](<a href="https://a.example">https://a.example</a>) <em>b</em>'
    )
