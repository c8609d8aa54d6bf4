using Grains.Api;
using Grains.Api.Problems;
using Grains.Api.Timers;
using Grains.FrontEnd.Nodes;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.Silo.Timers;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;

namespace Grains.FrontEnd.Timers;

/// <summary>A timer as callers write it → the change: one schedule, a name, a message.</summary>
internal static class TimerFields
{
    private const string _nameRule = "1 to 64 of letters, digits, '.', '_' and '-', the first no '.' or '-'";

    public static Utf8Name Name(ReadOnlySpan<char> text, string what)
    {
        bool fits = text.Length is > 0 and <= Limits.TimerNameChars && text[0] is not ('.' or '-');
        foreach (char c in text)
        {
            fits &= char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
        }

        return fits ? new Utf8Name(text.ToString()) : throw new RequestRefusedException(ProblemCode.BadName, $"{what} must be {_nameRule}.");
    }

    /// <param name="name">Of the timer.</param>
    /// <param name="request">When, and what.</param>
    /// <param name="member">Names its members in refusals: empty, or with a dot at its end.</param>
    public static TimerChange Set(Utf8Name name, TimerRequest request, string member)
    {
        int schedules = (request.Cron is null ? 0 : 1) + (request.Delay is null ? 0 : 1) + (request.At is null ? 0 : 1);
        if (schedules != 1)
        {
            throw Fields.Refuse($"A timer needs '{member}cron', '{member}delay' or '{member}at'; exactly one.");
        }

        if (request.Zone is not null && request.Cron is null)
        {
            throw Fields.Refuse($"'{member}zone' belongs to '{member}cron'; a time has its own.");
        }

        if (request.Cron is { Length: > Limits.CronChars } || request.Zone is { Length: > Limits.CronChars })
        {
            throw Fields.Refuse($"'{member}cron' and '{member}zone' are at most {Limits.CronChars} characters.");
        }

        if (request.Cron is { } cron
            && CronSchedule.Refuse(cron, request.Zone, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) is { } refusal)
        {
            throw Fields.Refuse($"'{member}cron': {refusal}");
        }

        byte[] body = Fields.Content(request.Body, request.Text, $"{member}body") ?? [];
        return body.Length > Limits.TimerBytes ? throw Fields.TooLarge($"{member}body", Limits.TimerBytes) : new TimerChange
        {
            Name = name,
            Cron = request.Cron,
            Zone = request.Zone,
            Due = DueTimes.Parse(request.Delay, request.At, Fields.Refuse, $"'{member}delay'", $"'{member}at'"),
            Content = new MessageContent
            {
                Body = body,
                Type = Fields.HeaderText(request.Type, $"{member}type", Limits.MessageTypeChars),
                ContentType = Fields.HeaderText(request.ContentType, $"{member}contentType", Limits.ContentTypeChars),
                Headers = MessageHeaders.Of(request.Headers, $"{member}headers"),
            },
        };
    }
}
