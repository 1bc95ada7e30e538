"""The plan: parts, topics and points, in all the ways the document writes them."""

from __future__ import annotations

from studytrack.formats.document import PlanTopic
from studytrack.formats.fasttrack import read_document


def topics_of(text: str) -> list[PlanTopic]:
    """Return the topics below a part's heading."""
    return list(read_document(f"# Studyplan\n\n# I. One\n\n{text}").parts[0].topics)


def test_hierarchy_comes_from_names():
    """Parts are found although plan and parts are headings of one level."""
    document = read_document("# Studyplan\n\n# I. One\n\n- **A**: x.\n\n# II. Two\n\n- **B**: y.\n")

    assert [(p.ordinal, p.title) for p in document.parts] == [("I", "One"), ("II", "Two")]


def test_bold_bullets_before_the_plan_are_no_topics():
    """The introduction's bold bullets look like topics and are none."""
    document = read_document("## What's Inside\n\n- **Notes:** thoughts, summaries.\n\n# I. One\n")

    assert [topic for part in document.parts for topic in part.topics] == []


def test_a_title_stays_as_written():
    """A slip in a part's title is kept, and a number may stand for the numeral."""
    document = read_document("# Studyplan\n\n## 2. Learning about to LLMs\n")

    assert (
        document.parts[0].ordinal,
        document.parts[0].title,
    ) == ("II", "Learning about to LLMs")


def test_the_comma_list_gives_the_points():
    """Continuation lines belong to the item; brackets, `and` and the full stop are minded."""
    topic = topics_of(
        "- **Nets**: Using `torch.nn`, models (a, b),\n  loss functions, and optimizers."
    )[0]

    assert [point.title for point in topic.points] == [
        "Using `torch.nn`",
        "models (a, b)",
        "loss functions",
        "optimizers",
    ]
    assert (topic.span.first, topic.span.last) == (5, 6)


def test_nested_bullets_are_the_points():
    """Numbered groups with nested bold bullets, loose and indented by four, are topics."""
    text = (
        "Intro, with a comma.\n\n1. **Algebra**:\n    - **Vectors**: Blocks, and more,\n"
        "      on two lines.\n    - **Matrices**: Special ones.\n\n2. **Calculus**:\n"
        "    - **Gradients**: Slopes.\n"
    )
    document = read_document(f"# III. Maths\n\n{text}")
    part = document.parts[0]

    assert part.text == "Intro, with a comma."
    assert [len(topic.points) for topic in part.topics] == [2, 1]
    assert (
        part.topics[0].points[0].title,
        part.topics[0].points[0].text,
    ) == ("Vectors", "Blocks, and more, on two lines.")
    assert (part.topics[0].points[0].span.first, part.topics[0].points[0].span.last) == (6, 7)


def test_every_bullet_marker_is_accepted():
    """`-`, `*`, `+` and `1)` all make topics."""
    text = "- **A**: x\n\n* **B**: y\n\n+ **C**: z\n\n1) **D**: w\n"

    assert [topic.title for topic in topics_of(text)] == ["A", "B", "C", "D"]


def test_marks_are_read():
    """Boxes before a title and ticks behind a point say what is done."""
    topic, other = topics_of("- [x] **A**: one ✓, two\n- [-] **B**: three\n")

    assert (topic.mark, other.mark) == ("done", "skipped")
    assert [(p.title, p.mark) for p in topic.points] == [("one", "done"), ("two", "")]


def test_a_bullet_without_title_is_refused():
    """Its line and a reason are named."""
    document = read_document("# I. One\n\n- **A**: x\n- just a sentence\n")

    assert [str(refusal).split(":")[0] for refusal in document.refused] == ["Line 4"]


def test_the_rule_ends_the_plan():
    """Bullets after the line that ends the plan are no topics."""
    document = read_document("# I. One\n\n- **A**: x\n\n---\n\n- **B**: y\n")

    assert [topic.title for topic in document.parts[0].topics] == ["A"]
