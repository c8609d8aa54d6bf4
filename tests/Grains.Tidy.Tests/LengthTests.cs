using System.Text;
using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

/// <summary>What fits on a screen beside its test.</summary>
public partial class LengthTests
{
    private const int _fileLinesMax = 500;
    private const int _lineCharsMax = 120;
    private const int _testLineCharsMax = 150;
    private const int _methodLinesMax = 70;

    [Fact]
    public void No_file_of_code_has_more_than_500_lines() =>
        Repository.Expect(
            from file in Repository.CSharp
            let lines = Repository.Read(file).Count('\n')
            where lines > _fileLinesMax
            select $"{file}: {lines} lines");

    /// <summary>In tests 150, but for the name of one, which is a sentence, and for text that is compared.</summary>
    [Fact]
    public void No_line_of_code_has_more_than_120_characters() =>
        Repository.Expect(
            from file in Repository.CSharp
            let isTest = file.StartsWith("tests/", StringComparison.Ordinal)
            from line in SourceText.OutsideRawStrings(Repository.Read(file))
            where line.Text.Length > (isTest ? _testLineCharsMax : _lineCharsMax)
                && !(isTest && SaysOrHoldsText().IsMatch(line.Text))
            select $"{file}:{line.Number}: {line.Text.Length} characters");

    [Fact]
    public void No_method_has_more_than_70_lines() =>
        Repository.Expect(
            from file in Repository.CSharp
            from method in Methods(Repository.Read(file))
            where method.Lines > _methodLinesMax
            select $"{file}:{method.First}: {method.Lines} lines");

    [Fact]
    public void Methods_are_told_from_types_and_from_data()
    {
        const string code =
            """
            namespace A;
            internal sealed class B(int b) : C(b)
            {
                private readonly int[] _data =
                [
                    1,
                ];

                public int D { get; }

                [Fact]
                public void E()
                {
                    if (b > 0)
                    {
                    }
                }

                private static int F(
                    int a) =>
                    a;

                private struct G
                {
                    public int H() => 1;
                }
            }
            """;
        Assert.Equal([(11, 7), (19, 3), (25, 1)], Methods(code));
    }

    /// <summary>Members with parameters: where each begins, and its lines.</summary>
    private static IEnumerable<(int First, int Lines)> Methods(string source)
    {
        int nested = 0;
        int depth = 0;
        var member = new StringBuilder();
        int first = 0;
        foreach ((int at, string line) in SourceText.CodeLines(source).Index())
        {
            foreach (char c in line)
            {
                if (member.Length == 0 && !char.IsWhiteSpace(c))
                {
                    first = at;
                }

                if (c == '{' && depth == 0 && Type().IsMatch($"{member}"))
                {
                    nested++;
                    member.Clear();
                    continue;
                }

                if (c == '}' && depth == 0)
                {
                    nested--;
                    member.Clear();
                    continue;
                }

                depth += c is '{' or '(' or '[' ? 1 : c is '}' or ')' or ']' ? -1 : 0;
                if (member.Length > 0 || !char.IsWhiteSpace(c))
                {
                    member.Append(c);
                }

                if (depth > 0 || c is not (';' or '}'))
                {
                    continue;
                }

                if (nested > 0 && Method().IsMatch($"{member}"))
                {
                    yield return (first + 1, at - first + 1);
                }

                member.Clear();
            }

            if (member.Length > 0)
            {
                member.Append('\n');
            }
        }
    }

    /// <summary>Attributes, modifiers, a type and a name, then parameters: no <c>=</c> before them.</summary>
    [GeneratedRegex(@"\A(\s*\[[^\]]*\])*[^={}()]*(\([^()]*\)\s*)?[^={}()]*\w(<[^()]*>)?\s*\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|namespace)\b[^=;]*\z")]
    private static partial Regex Type();

    [GeneratedRegex("\"|\\b(Task|void) [A-Z]\\w+_\\w+\\(")]
    private static partial Regex SaysOrHoldsText();
}
