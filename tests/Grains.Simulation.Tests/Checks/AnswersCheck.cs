using Grains.Simulation.Tests.World;

namespace Grains.Simulation.Tests.Checks;

/// <summary>
/// Every answer, also a refusal, a renewal or an empty result, names the revision it was given at; none is below one
/// that an earlier answer of the partition had named before it was asked for. So no former owner answered it.
/// </summary>
internal static class AnswersCheck
{
    public static IEnumerable<string> Check(IReadOnlyList<AnswerSeen> answers)
    {
        foreach (IGrouping<uint, AnswerSeen> partition in answers.GroupBy(a => a.Partition.Value))
        {
            AnswerSeen[] byReturn = [.. partition.OrderBy(a => a.ReturnNs)];
            AnswerSeen? newest = null;
            int returned = 0;
            foreach (AnswerSeen answer in partition.OrderBy(a => a.CallNs))
            {
                for (; returned < byReturn.Length && byReturn[returned].ReturnNs < answer.CallNs; returned++)
                {
                    newest = newest is null || byReturn[returned].At > newest.At ? byReturn[returned] : newest;
                }

                if (newest is not null && answer.At < newest.At)
                {
                    yield return $"p{partition.Key}: r{newest.At} was known before, and then came an answer at "
                        + $"r{answer.At}: "
                        + $"{answer.Command.GetType().Name} -> {answer.Answer}";
                }
            }
        }
    }
}
