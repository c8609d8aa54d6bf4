using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Tests.Telemetry;

public sealed class ServerGaugesTests
{
    private const string _name = "grains.test.gauge";

    [Fact]
    public void Each_server_of_a_process_is_asked_while_it_lives_and_one_instrument_serves_them_all()
    {
        int instruments = 0;
        List<long> measured = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == _name)
            {
                instruments++;
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => measured.Add(value));
        listener.Start();

        using var second = new ServerGauges();
        using (var first = new ServerGauges())
        {
            first.Add(_name, () => 1L, null, "One.");
            second.Add(_name, () => new[] { new Measurement<long>(2), new Measurement<long>(3) }, null, "One.");
            listener.RecordObservableInstruments();
            Assert.Equal([1, 2, 3], measured.Order());
        }

        measured.Clear();
        listener.RecordObservableInstruments();
        Assert.Equal([2, 3], measured.Order());
        Assert.Equal(1, instruments);
    }
}
