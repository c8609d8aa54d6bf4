using Grains.Api;
using Grains.Api.Problems;
using Grains.Api.Timers;
using Grains.Operations.Errors;
using Grains.Operations.Messages;
using Grains.Operations.Syntax;
using Grains.Silo.Timers;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;

namespace Grains.Operations.Timers;

/// <summary>A timer as callers write it → the change: one schedule, a name, a message.</summary>
public static class TimerFields
{
    private const string _nameRule = "1 to 64 of letters, digits, '.', '_' and '-', the first no '.' or '-'";

    public static Result<Utf8Name> Name(string? text, string what)
    {
        bool fits = text is { Length: > 0 and <= Limits.TimerNameChars } && text[0] is not ('.' or '-')
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        return fits ? new Utf8Name(text!) : new OperationError(ProblemCode.BadName, $"{what} must be {_nameRule}.");
    }

    /// <param name="name">Of the timer.</param>
    /// <param name="request">When, and what.</param>
    /// <param name="member">Names its members in refusals: empty, or with a dot at its end.</param>
    /// <param name="fields">Is told what is wrong.</param>
    public static TimerChange Set(Utf8Name name, TimerRequest request, string member, Fields fields)
    {
        CheckSchedule(request, member, fields);
        byte[] body = fields.Content(request.Body, request.Text, $"{member}body") ?? [];
        if (body.Length > Limits.TimerBytes)
        {
            fields.TooLarge($"{member}body", Limits.TimerBytes);
        }

        return new TimerChange
        {
            Name = name,
            Cron = request.Cron,
            Zone = request.Zone,
            Due = fields.Due(request.Delay, request.At, member),
            Content = new MessageContent
            {
                Body = body,
                Type = fields.HeaderText(request.Type, $"{member}type", Limits.MessageTypeChars),
                ContentType = fields.HeaderText(request.ContentType, $"{member}contentType", Limits.ContentTypeChars),
                Headers = MessageHeaders.Of(request.Headers, $"{member}headers", fields),
            },
        };
    }

    private static void CheckSchedule(TimerRequest request, string member, Fields fields)
    {
        int schedules = (request.Cron is null ? 0 : 1) + (request.Delay is null ? 0 : 1) + (request.At is null ? 0 : 1);
        if (schedules != 1)
        {
            fields.Refuse($"A timer needs '{member}cron', '{member}delay' or '{member}at'; exactly one.");
        }
        else if (request.Zone is not null && request.Cron is null)
        {
            fields.Refuse($"'{member}zone' belongs to '{member}cron'; a time has its own.");
        }
        else if (request.Cron is { Length: > Limits.CronChars } || request.Zone is { Length: > Limits.CronChars })
        {
            fields.Refuse($"'{member}cron' and '{member}zone' are at most {Limits.CronChars} characters.");
        }
        else if (request.Cron is { } cron
            && CronSchedule.Refuse(cron, request.Zone, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) is { } refusal)
        {
            fields.Refuse($"'{member}cron': {refusal}");
        }
    }
}
